import { Button } from "@mantine/core";
import { type ReactNode, useState } from "react";
import type { Turn, Work } from "../../../api/types.ts";
import { count, lasting, money } from "../../../lib/format.ts";
import { LinkIcon, PlayIcon, WhatIfIcon } from "../../../lib/icons.tsx";
import { strings } from "../../../strings/index.ts";
import { useCall } from "../context.ts";
import classes from "./TurnDetails.module.css";

const words = strings.turns;
/** Sound before and after a turn that is played alone, so that it does not begin in its first word. */
const MARGIN_MS = 250;

/** An opened turn: what its wait was, the model's work, the price, tools with what they were asked and answered. */
export function TurnDetails({ turn, tools }: { turn: Turn; tools: Work[] }) {
  return (
    <div className={classes.details}>
      {turn.wait && <Waterfall wait={turn.wait} />}
      <div className={classes.columns}>
        {turn.model && <ModelFacts model={turn.model} />}
        {turn.cost && <CostFacts cost={turn.cost} />}
      </div>
      {tools.map((tool) => (
        <ToolFacts key={tool.from_ms} tool={tool} />
      ))}
      <Actions turn={turn} />
    </div>
  );
}

function Waterfall({ wait }: { wait: NonNullable<Turn["wait"]> }) {
  let beforeMs = 0;
  return (
    <section>
      <h3>{words.whatTheWaitWas(lasting(wait.total_ms))}</h3>
      {wait.steps.map(({ part, ms }, place) => {
        const left = (beforeMs / wait.total_ms) * 100;
        beforeMs += ms;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a part may come twice, so that its place is its name
          <div key={place} className={classes.step} title={strings.partsMean[part]}>
            <span>{strings.parts[part] ?? part}</span>
            <span className={classes.figure}>{lasting(ms)}</span>
            <span className={classes.track}>
              <i
                style={{ left: `${left}%`, width: `${(ms / wait.total_ms) * 100}%`, background: `var(--part-${part})` }}
              />
            </span>
          </div>
        );
      })}
    </section>
  );
}

function ModelFacts({ model }: { model: NonNullable<Turn["model"]> }) {
  const rows: [string, ReactNode][] = [[words.modelName, model.name]];
  if (model.first_ms !== null) rows.push([words.firstWords, lasting(model.first_ms)]);
  if (model.all_ms !== null) rows.push([words.allOfIt, lasting(model.all_ms)]);
  if (model.input_tokens !== null)
    rows.push([words.tokens, words.tokensShown(count(model.input_tokens), count(model.output_tokens ?? 0))]);
  if (model.cached_tokens) rows.push([words.cached, count(model.cached_tokens)]);
  return <Facts title={words.model} rows={rows} />;
}

function CostFacts({ cost }: { cost: NonNullable<Turn["cost"]> }) {
  const legs = (["transcriber", "llm", "synthesizer", "network", "platform", "total"] as const).filter(
    (leg) => cost[leg] !== 0 || leg === "total",
  );
  return <Facts title={words.cost} rows={legs.map((leg) => [strings.legs[leg] ?? leg, money(cost[leg])])} />;
}

function ToolFacts({ tool }: { tool: Work }) {
  const rows: [string, ReactNode][] = [];
  if (tool.arguments) rows.push([words.arguments, <pre key="arguments">{pretty(tool.arguments)}</pre>]);
  if (tool.error)
    rows.push([
      strings.statuses.error ?? "",
      <span key="error" className={classes.error}>
        {tool.error}
      </span>,
    ]);
  if (tool.result) rows.push([words.result, <pre key="result">{pretty(tool.result)}</pre>]);
  if (tool.http?.status)
    rows.push([words.httpStatus, `${tool.http.method ?? ""} ${tool.http.host ?? ""} ${tool.http.status}`.trim()]);
  return <Facts title={tool.name} rows={rows} />;
}

function Facts({ title, rows }: { title: string; rows: [string, ReactNode][] }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl className={classes.facts}>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Actions({ turn }: { turn: Turn }) {
  const { timeline, player, tryWhatIf } = useCall();
  const [isCopied, setIsCopied] = useState(false);
  const { from_ms, to_ms } = turn;
  const copy = async () => {
    await navigator.clipboard.writeText(window.location.href);
    setIsCopied(true);
  };
  return (
    <div className={classes.actions}>
      {timeline.recording && from_ms !== null && to_ms !== null && (
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<PlayIcon size={12} aria-hidden />}
          onClick={() => player.playSpan(from_ms - MARGIN_MS, to_ms + MARGIN_MS)}
        >
          {words.play}
        </Button>
      )}
      {!timeline.live && (
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<WhatIfIcon size={12} aria-hidden />}
          onClick={() => tryWhatIf(turn.turn ?? 0)}
        >
          {words.whatIf}
        </Button>
      )}
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<LinkIcon size={12} aria-hidden />}
        onClick={() => void copy()}
      >
        {isCopied ? strings.words.copied : strings.words.copy}
      </Button>
    </div>
  );
}

/** JSON with line breaks; anything else as it is. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
