import { ActionIcon, Button, NativeSelect, SegmentedControl, Tooltip } from "@mantine/core";
import { type ReactNode, useEffect, useRef } from "react";
import { clock } from "../../../lib/format.ts";
import { MinusIcon, PauseIcon, PlayIcon, PlusIcon, WholeIcon } from "../../../lib/icons.tsx";
import { strings } from "../../../strings/index.ts";
import { useCall } from "../context.ts";
import type { Clip } from "../score/lanes.ts";
import { Minimap } from "../score/Minimap.tsx";
import type { Sounds } from "../score/sounds.ts";
import type { DrawnSpan } from "../score/useSpan.ts";
import { usePlayerState, usePosition } from "./hooks.ts";
import classes from "./PlayerBar.module.css";
import { RATES, type Side } from "./player.ts";

const words = strings.player;
const SIDES: Side[] = ["both", "caller", "agent"];

interface Props {
  drawn: DrawnSpan;
  sounds: Sounds | null;
  clips: Record<"caller" | "agent", Clip[]>;
  allLanes: boolean;
  toggleLanes: () => void;
}

/** Plays the call, and says which part of it is drawn. */
export function PlayerBar({ drawn, sounds, clips, allLanes, toggleLanes }: Props) {
  const { timeline, player } = useCall();
  const { side, rate, hasFailed } = usePlayerState(player);
  const isHeard = timeline.recording !== null;
  return (
    <div className={classes.bar}>
      {isHeard ? (
        <>
          <PlayButton />
          <Clock />
          <SegmentedControl
            aria-label={words.sides}
            size="xs"
            data={SIDES.map((value) => ({ value, label: words[value] }))}
            value={side}
            onChange={(value) => player.setSide(value as Side)}
          />
          <NativeSelect
            aria-label={words.speed}
            size="xs"
            w={74}
            data={RATES.map((value) => ({ value: String(value), label: `${value}×` }))}
            value={String(rate)}
            onChange={(event) => player.setRate(Number(event.currentTarget.value))}
          />
        </>
      ) : (
        <>
          <Clock />
          <span className={classes.silent}>
            {timeline.live ? strings.call.liveRecording : strings.call.noRecording}
          </span>
        </>
      )}
      {hasFailed && (
        <span role="alert" className={classes.failed}>
          {words.failed}
        </span>
      )}
      <Minimap drawn={drawn} sounds={sounds} clips={clips} />
      <BarButton label={strings.score.zoomOut} disabled={drawn.isWhole} onClick={() => drawn.zoom(2)}>
        <MinusIcon size={15} />
      </BarButton>
      <BarButton label={strings.score.zoomIn} onClick={() => drawn.zoom(0.5)}>
        <PlusIcon size={15} />
      </BarButton>
      <BarButton label={strings.score.whole} disabled={drawn.isWhole} onClick={drawn.showWhole}>
        <WholeIcon size={14} />
      </BarButton>
      <Button variant="subtle" color="gray" size="compact-xs" aria-pressed={allLanes} onClick={toggleLanes}>
        {allLanes ? strings.score.fewerLanes : strings.score.allLanes}
      </Button>
    </div>
  );
}

function BarButton(props: { label: string; disabled?: boolean; onClick: () => void; children: ReactNode }) {
  const { label, children, ...rest } = props;
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" size="sm" aria-label={label} {...rest}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

function PlayButton() {
  const { timeline, player } = useCall();
  const { isPlaying } = usePlayerState(player);
  const audio = useRef<HTMLAudioElement>(null);
  const fromMs = timeline.recording?.from_ms ?? 0;
  const path = timeline.recording?.url_path;
  useEffect(() => (audio.current ? player.attach(audio.current, fromMs) : undefined), [player, fromMs]);
  const Icon = isPlaying ? PauseIcon : PlayIcon;
  return (
    <>
      {/* biome-ignore lint/a11y/useMediaCaption: the words stand beside it, turn by turn */}
      <audio ref={audio} src={path} preload="metadata" />
      <button
        type="button"
        className={`plain ${classes.play}`}
        aria-label={isPlaying ? words.pause : words.play}
        onClick={() => player.toggle()}
      >
        <Icon size={14} fill="currentColor" aria-hidden />
      </button>
    </>
  );
}

/** The position, written into the element with each frame of sound. */
function Clock() {
  const { player, whole, zeroMs } = useCall();
  const at = useRef<HTMLElement>(null);
  usePosition(player, (atMs) => {
    if (at.current) at.current.textContent = clock(atMs - zeroMs);
  });
  return (
    <span className={classes.clock}>
      <b ref={at}>{clock(player.positionMs - zeroMs)}</b> / {clock(whole.toMs - zeroMs)}
    </span>
  );
}
