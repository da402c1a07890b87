import { type PointerEvent, useRef } from "react";
import { lengthOf, momentAt, pixelOf } from "../../../lib/timescale.ts";
import { useWidth } from "../../../lib/useWidth.ts";
import { strings } from "../../../strings/index.ts";
import { useCall } from "../context.ts";
import { usePosition } from "../player/hooks.ts";
import type { Clip } from "./lanes.ts";
import classes from "./Minimap.module.css";
import type { Sounds } from "./sounds.ts";
import type { DrawnSpan } from "./useSpan.ts";
import { Waveform } from "./Waveform.tsx";

const HALF_PX = 12;

interface Props {
  drawn: DrawnSpan;
  sounds: Sounds | null;
  clips: Record<"caller" | "agent", Clip[]>;
}

/** The whole call in small. It shows which part is drawn, and a drag moves that part. */
export function Minimap({ drawn, sounds, clips }: Props) {
  const { whole, player, seek } = useCall();
  const map = useRef<HTMLDivElement>(null);
  const line = useRef<HTMLDivElement>(null);
  const widthPx = useWidth(map);
  usePosition(player, (atMs) => {
    if (line.current) line.current.style.insetInlineStart = `${((atMs - whole.fromMs) / lengthOf(whole)) * 100}%`;
  });
  const go = (event: PointerEvent<HTMLDivElement>) => {
    if (!(event.buttons & 1)) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const atMs = momentAt(event.clientX - event.currentTarget.getBoundingClientRect().left, whole, widthPx);
    if (drawn.isWhole) return seek(Math.min(whole.toMs, Math.max(whole.fromMs, atMs)));
    const half = lengthOf(drawn.span) / 2;
    drawn.show({ fromMs: atMs - half, toMs: atMs + half });
  };
  const from = pixelOf(drawn.span.fromMs, whole, widthPx);
  return (
    <div
      ref={map}
      className={classes.map}
      role="img"
      aria-label={strings.score.minimap}
      onPointerDown={go}
      onPointerMove={go}
    >
      {sounds &&
        (["caller", "agent"] as const).map((side) => (
          <Waveform
            key={side}
            sound={sounds[side]}
            clips={clips[side]}
            span={whole}
            widthPx={widthPx}
            heightPx={HALF_PX}
            side={side}
            half={side === "caller" ? "up" : "down"}
          />
        ))}
      <div ref={line} className={classes.line} />
      {!drawn.isWhole && (
        <div
          className={classes.part}
          style={{ left: from, width: Math.max(3, pixelOf(drawn.span.toMs, whole, widthPx) - from) }}
        />
      )}
    </div>
  );
}
