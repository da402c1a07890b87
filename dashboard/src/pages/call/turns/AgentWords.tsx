import { useMemo } from "react";
import type { Turn } from "../../../api/types.ts";
import { useCall } from "../context.ts";
import { useFromPosition } from "../player/hooks.ts";
import classes from "./AgentWords.module.css";

/** What the caller heard of the agent. In the turn that is played, words are faint until they sound. */
export function AgentWords({ turn, isHeard }: { turn: Turn; isHeard: boolean }) {
  const { timeline } = useCall();
  const words = useMemo(
    () => (isHeard ? timeline.agent.filter((clip) => clip.turn === turn.turn).flatMap((clip) => clip.words) : []),
    [timeline, turn.turn, isHeard],
  );
  return words.length ? <Sounding words={words} /> : turn.assistant;
}

function Sounding({ words }: { words: { text: string; from_ms: number }[] }) {
  const { player } = useCall();
  const heard = useFromPosition(player, (atMs) => words.filter(({ from_ms }) => from_ms <= atMs).length);
  // Before its first word nothing is faint: one has come to read, not to listen.
  const from = heard === 0 ? words.length : heard;
  return (
    <>
      {words
        .slice(0, from)
        .map(({ text }) => text)
        .join(" ")}{" "}
      <span className={classes.later}>
        {words
          .slice(from)
          .map(({ text }) => text)
          .join(" ")}
      </span>
    </>
  );
}
