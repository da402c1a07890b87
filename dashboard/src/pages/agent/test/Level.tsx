import { type Ref, useId, useImperativeHandle, useRef } from "react";
import classes from "./Level.module.css";

export interface Meter {
  /** Shows how loud it is, 0 to 1. */
  show(level: number): void;
}

/** Levels come 50 times a second: they go to the element, and draw nothing else anew. */
export function Level({ label, ref }: { label: string; ref: Ref<Meter> }) {
  const id = useId();
  const meter = useRef<HTMLMeterElement>(null);
  useImperativeHandle(ref, () => ({
    show: (level) => {
      if (meter.current) meter.current.value = level;
    },
  }));
  return (
    <div className={classes.level}>
      <label htmlFor={id}>{label}</label>
      <meter ref={meter} id={id} min={0} max={1} value={0} />
    </div>
  );
}
