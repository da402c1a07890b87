import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo, useRef, useState } from "react";
import { peaksQuery } from "../../../api/call.ts";
import { lengthOf, momentAt } from "../../../lib/timescale.ts";
import { useWidth } from "../../../lib/useWidth.ts";
import { strings } from "../../../strings/index.ts";
import { useCall } from "../context.ts";
import { PlayerBar } from "../player/PlayerBar.tsx";
import { Clips, Findings, Waits, WorkBlocks, workHeight } from "./Blocks.tsx";
import { clipsOf, workOf } from "./lanes.ts";
import { Playhead } from "./Playhead.tsx";
import { Ruler } from "./Ruler.tsx";
import classes from "./Score.module.css";
import { soundsOf } from "./sounds.ts";
import { Tip, useTip } from "./Tip.tsx";
import { usePointer } from "./usePointer.ts";
import { useScoreKeys } from "./useScoreKeys.ts";
import { useSpan, useWheel } from "./useSpan.ts";
import { Waveform } from "./Waveform.tsx";

const words = strings.score;
const SPEECH_PX = 60;
const THIN_PX = 23;

/** The call on one axis: what was found, what either side said, how long each wait was, and what worked meanwhile. */
export function Score() {
  const { id, attempt, timeline, zeroMs, whole, player, openTurn, seek, showTurn } = useCall();
  const [allLanes, setAllLanes] = useState(false);
  const plot = useRef<HTMLDivElement>(null);
  const [plotElement, setPlotElement] = useState<HTMLDivElement | null>(null);
  const widthPx = useWidth(plot);
  const drawn = useSpan(whole, player);
  const { span } = drawn;
  const peaks = useQuery({ ...peaksQuery({ id, attempt }), enabled: timeline.recording !== null });
  const sounds = useMemo(() => (peaks.data ? soundsOf(peaks.data) : null), [peaks.data]);
  const clips = useMemo(() => clipsOf(timeline, zeroMs), [timeline, zeroMs]);
  const work = useMemo(() => workOf(timeline, whole.toMs), [timeline, whole.toMs]);
  const tip = useTip();
  const pointer = usePointer({ span, widthPx, show: drawn.show, seek, showTurn });
  useWheel(plotElement, {
    zoom: (factor, px) => drawn.zoom(factor, momentAt(px, span, widthPx)),
    pan: (px) => {
      const byMs = (px / widthPx) * lengthOf(span);
      drawn.show({ fromMs: span.fromMs + byMs, toMs: span.toMs + byMs });
    },
  });
  useScoreKeys(drawn);
  const scale = { span, widthPx };
  const lanes: { name: keyof typeof words.lanes; heightPx: number; content: ReactNode }[] = [
    { name: "findings", heightPx: THIN_PX, content: null },
    ...(["caller", "agent"] as const).map((side) => ({
      name: side,
      heightPx: SPEECH_PX,
      content: (
        <>
          <Clips {...scale} clips={clips[side]} side={side} openTurn={openTurn} />
          {sounds && (
            <div className={classes.waveform}>
              <Waveform sound={sounds[side]} clips={clips[side]} {...scale} heightPx={SPEECH_PX - 24} side={side} />
            </div>
          )}
        </>
      ),
    })),
    { name: "wait", heightPx: THIN_PX, content: <Waits {...scale} turns={timeline.turns} /> },
    ...(["model", "tools", "voice", "turn_model"] as const)
      .filter((lane) => (allLanes || lane === "model" || lane === "tools") && work[lane].length > 0)
      .map((lane) => ({
        name: lane,
        heightPx: workHeight(work[lane]),
        content: <WorkBlocks {...scale} work={work[lane]} lane={lane} />,
      })),
  ];
  return (
    <section className={classes.score} aria-label={words.label}>
      <div className={classes.body}>
        <div className={classes.names} aria-hidden>
          <div className={classes.corner} />
          {lanes.map(({ name, heightPx }) => (
            <div key={name} data-lane={name} style={{ blockSize: heightPx }}>
              {words.lanes[name]}
            </div>
          ))}
        </div>
        {/* The list of turns says the same to whoever cannot see or point: here the position is the one control. */}
        <div
          className={classes.plot}
          ref={(element) => {
            plot.current = element;
            setPlotElement(element);
          }}
          {...pointer.listeners}
          onPointerOver={tip.over}
          onPointerLeave={tip.leave}
        >
          <Ruler {...scale} zeroMs={zeroMs} />
          <div className={classes.lanes} aria-hidden>
            <Findings {...scale} findings={timeline.findings} />
            {lanes.map(({ name, heightPx, content }) => (
              <div key={name} className={classes.lane} data-lane={name} style={{ blockSize: heightPx }}>
                {content}
              </div>
            ))}
          </div>
          {pointer.band && <div className={classes.band} style={pointer.band} />}
          <Playhead {...scale} />
        </div>
      </div>
      <PlayerBar
        drawn={drawn}
        sounds={sounds}
        clips={clips}
        allLanes={allLanes}
        toggleLanes={() => setAllLanes((all) => !all)}
      />
      <Tip shown={tip.shown} />
    </section>
  );
}
