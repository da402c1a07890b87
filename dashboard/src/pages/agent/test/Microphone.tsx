import { Button, NativeSelect } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { microphones, openSound, type Sound, SoundError } from "../../../lib/webcall/sound.ts";
import { strings } from "../../../strings/index.ts";
import { Level, type Meter } from "./Level.tsx";
import classes from "./TestPanel.module.css";

const words = strings.test.browser;

interface Props {
  deviceId: string;
  choose: (deviceId: string) => void;
}

/** Which microphone, and whether it hears anything: most calls that fail have a silent one. */
export function Microphone({ deviceId, choose }: Props) {
  const [sound, setSound] = useState<Sound>();
  const meter = useRef<Meter>(null);
  const checking = useMutation({
    mutationFn: async (device: string) => {
      const opened = await openSound(device);
      // Their names are known when the person has allowed one.
      return { opened, devices: await microphones() };
    },
    onSuccess: ({ opened }) => setSound(opened),
  });
  useEffect(() => {
    if (!sound) return;
    sound.listener = {
      captured: () => {},
      played: () => {},
      cleared: () => {},
      level: (_side, level) => meter.current?.show(level),
    };
    return () => void sound.close();
  }, [sound]);
  const check = (device: string) => {
    choose(device);
    checking.mutate(device);
  };
  return (
    <div className={classes.start}>
      {checking.data ? (
        <NativeSelect
          label={words.microphone}
          size="xs"
          data={checking.data.devices.map((one) => ({ value: one.deviceId, label: one.label || words.unnamed }))}
          value={deviceId}
          onChange={(event) => check(event.currentTarget.value)}
        />
      ) : (
        <Button size="xs" variant="default" loading={checking.isPending} onClick={() => check(deviceId)}>
          {words.check}
        </Button>
      )}
      {sound && <Level label={words.level} ref={meter} />}
      {checking.isError && (
        <p className={classes.lead} role="alert">
          {words.failures[checking.error instanceof SoundError ? checking.error.code : "connect_failed"]}
        </p>
      )}
    </div>
  );
}
