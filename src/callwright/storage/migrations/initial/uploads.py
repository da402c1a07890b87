"""What accounts upload: ambient tracks, knowledge bases, answers to violations. Files are in the database, so that every process of a
platform has them and a backup holds them."""

STATEMENTS = [
    """
create table own_track (
  id text collate "C" primary key check (id <> ''),
  tenant_id text collate "C" not null references tenant (id),
  name text collate "C" not null check (name <> ''),
  duration_ms integer not null check (duration_ms > 0),
  pcm bytea not null constraint own_track_whole_samples check (octet_length(pcm) > 0 and octet_length(pcm) % 2 = 0),
  created_at timestamptz not null,
  unique (tenant_id, name)
)""",
    "alter table own_track alter column pcm set storage external",
    """
create table knowledge_base (
  id text collate "C" primary key check (id <> ''),
  tenant_id text collate "C" not null references tenant (id),
  vector_id text collate "C" not null unique,
  source_type text not null constraint knowledge_base_source_known check (source_type in ('pdf', 'url')),
  file_name text not null check (file_name <> ''),
  status text not null constraint knowledge_base_status_known check (status in ('processing', 'processed', 'error')),
  reason text,
  chunk_size integer not null check (chunk_size > 0),
  similarity_top_k integer not null check (similarity_top_k > 0),
  overlapping integer not null constraint knowledge_base_overlap_smaller check (overlapping between 0 and chunk_size - 1),
  language_support text,
  content bytea,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint knowledge_base_file_kept check (source_type <> 'pdf' or content is not null),
  constraint knowledge_base_error_explained check (status <> 'error' or reason is not null)
)""",
    "alter table knowledge_base alter column content set storage external",
    "create index knowledge_base_newest on knowledge_base (tenant_id, created_at desc, id desc)",
    """
create table violation (
  id text collate "C" primary key check (id <> ''),
  tenant_id text collate "C" not null references tenant (id),
  status text not null constraint violation_status_known check (status in ('pending', 'submitted', 'accepted', 'rejected')),
  execution_id text collate "C",
  agent_id text collate "C",
  from_number text not null,
  to_number text not null,
  date_of_call timestamptz,
  email text not null,
  note text,
  file_name text,
  content bytea,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint violation_answer_kept check (status <> 'submitted' or content is not null)
)""",
    "alter table violation alter column content set storage external",
    "create index violation_newest on violation (tenant_id, created_at desc, id desc)",
]
