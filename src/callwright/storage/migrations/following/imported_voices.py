"""Voices of vendors that organisations added to their catalogue by id."""

STATEMENTS = [
    # offer: what the vendor said of the voice when it was imported.
    """
create table imported_voice (
  tenant_id text collate "C" not null references tenant (id),
  provider text collate "C" not null check (length(provider) between 1 and 200),
  voice_id text collate "C" not null check (length(voice_id) between 1 and 200),
  offer json not null,
  created_at timestamptz not null,
  primary key (tenant_id, provider, voice_id)
)""",
]
