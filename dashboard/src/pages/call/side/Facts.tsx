import type { ReactNode } from "react";
import type { Execution } from "../../../api/types.ts";
import { lasting, moment, phone } from "../../../lib/format.ts";
import { strings } from "../../../strings/index.ts";
import { endedBy } from "../endedBy.ts";
import classes from "./Facts.module.css";

const words = strings.factsTab;
type Rows = [string, ReactNode][];

/** What is known of the call besides what was said. */
export function Facts({ execution }: { execution: Execution }) {
  const { summary } = execution as { summary?: string | null };
  return (
    <div className={classes.facts}>
      {summary && (
        <section>
          <h3>{words.summary}</h3>
          <p>{summary}</p>
        </section>
      )}
      <Group title={words.extracted} rows={extracted(execution.extracted_data)} />
      <Group title={words.call} rows={callRows(execution)} />
      <Group title={words.transfers} rows={transferRows(execution)} />
      <Group title={words.variables} rows={plainRows(recordOf(execution.context_details.recipient_data))} />
      <Group title={words.models} rows={modelRows(execution.usage_breakdown)} />
      <Group title={words.replaced} rows={replacedRows(execution)} />
      <Group title={words.line} rows={plainRows(recordOf(execution.callwright.line), 0)} />
    </div>
  );
}

function Group({ title, rows }: { title: string; rows: Rows }) {
  const told = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
  if (!told.length) return null;
  return (
    <section>
      <h3>{title}</h3>
      <dl>
        {told.map(([name, value], place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows of a call do not move, and a name may come twice
          <div key={place}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function callRows(execution: Execution): Rows {
  const phoneData = execution.telephony_data;
  const rangSeconds = Number(phoneData.ring_duration ?? 0);
  return [
    [words.placed, moment(execution.created_at)],
    [words.fromTo, fromTo(phoneData.from_number, phoneData.to_number)],
    [words.carrier, text(phoneData.provider)],
    [words.line, noPhone(execution)],
    [words.rang, rangSeconds ? lasting(rangSeconds * 1_000) : null],
    [words.endedBy, endedBy(execution)],
    [words.reason, text(phoneData.hangup_reason)],
    [words.code, text(phoneData.hangup_provider_code)],
    [words.error, execution.error_message === phoneData.hangup_reason ? null : text(execution.error_message)],
    [words.attempt, text(execution.callwright.attempt)],
    [words.batch, text((execution as { batch_id?: string | null }).batch_id)],
    [words.agentId, <code key="agent">{execution.agent_id}</code>],
    [words.id, <code key="id">{execution.id}</code>],
  ];
}

function fromTo(from: unknown, to: unknown): string | null {
  return typeof from === "string" && typeof to === "string" ? words.fromToShown(phone(from), phone(to)) : null;
}

/** Where the call was handed on, or was to be. */
function transferRows(execution: Execution): Rows {
  return recordsOf(execution.callwright.transfers).map(({ to, mode, status, reason, took_ms }) => [
    phone(String(to)),
    [words.transferShown(String(mode), String(status), Number(took_ms) ? lasting(Number(took_ms)) : ""), text(reason)]
      .filter(Boolean)
      .join(". "),
  ]);
}

/** What did the work of a provider that the agent names: from the beginning, or from the moment on at which that one failed. */
export function replacedRows({ callwright }: Execution): [string, string][] {
  const shown = (kind: unknown, before: unknown, after: unknown, why: unknown): [string, string] => [
    String(kind),
    words.replacedShown(String(before), String(after), text(why) ?? ""),
  ];
  return [
    ...recordsOf(callwright.stand_ins)
      .filter((one) => !isTestLine(one))
      .map(({ leg, wanted, used, reason }) => shown(leg, wanted, used, reason)),
    ...recordsOf(callwright.switches).map(({ kind, before, after, message }) => shown(kind, before, after, message)),
  ];
}

/** Why the call rang no phone and how to call phones, or null where it rang one. */
export function noPhone({ callwright }: Execution): string | null {
  const line = recordsOf(callwright.stand_ins).find(isTestLine);
  return line ? [line.reason, line.remedy].filter(Boolean).join("; ") : null;
}

function isTestLine({ leg, used }: Record<string, unknown>): boolean {
  return leg === "line" && used === "loopback";
}

function modelRows(usage: Execution["usage_breakdown"]): Rows {
  const together = (...names: unknown[]) => names.map(text).filter(Boolean).join(" ");
  return [
    [words.recogniser, together(usage.transcriber_provider, usage.transcriber_model, usage.transcriber_language)],
    [words.model, Object.keys(recordOf(usage.llm_model)).join(", ")],
    [words.voice, together(usage.synthesizer_provider, usage.synthesizer_model, usage.voice_id)],
  ];
}

/** What was extracted: a value by name, or groups of such values. */
function extracted(data: unknown): Rows {
  return Object.entries(recordOf(data)).flatMap(([name, value]): Rows => {
    const inner = recordOf(value);
    if (!Object.keys(inner).length) return [[name, text(value)]];
    if ("value" in inner || "subjective" in inner) return [[name, text(inner.value ?? inner.subjective)]];
    return plainRows(inner);
  });
}

/** Plain values by name; `least` leaves out numbers that say nothing, as a count of 0. */
function plainRows(values: Record<string, unknown>, least?: number): Rows {
  return Object.entries(values)
    .filter(([, value]) => least === undefined || typeof value !== "number" || value > least)
    .map(([name, value]) => [name.replaceAll("_", " "), text(value)]);
}

function recordsOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(recordOf) : [];
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== "object") return String(value);
  return Object.keys(value).length ? JSON.stringify(value) : null;
}
