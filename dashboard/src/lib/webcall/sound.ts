import captureUrl from "./capture.worklet.ts?worker&url";
import { CAPTURE, type Captured, type FromPlayback, PLAYBACK, type ToPlayback } from "./messages.ts";
import playbackUrl from "./playback.worklet.ts?worker&url";

/** Why there is no sound. */
export type SoundFailure = "no_microphone" | "permission_denied" | "not_secure";

export class SoundError extends Error {
  constructor(readonly code: SoundFailure) {
    super(code);
  }
}

export interface SoundListener {
  /** The caller's next frames of 20 ms: each 640 bytes of 16-bit samples at 16 kHz. */
  captured(frames: ArrayBuffer): void;
  /** So many frames of the connection were played. */
  played(frames: number): void;
  /** All frames of the connection that have come were played or dropped: so many. */
  cleared(frames: number): void;
  /** How loud one side is, 0 to 1. */
  level(side: "caller" | "agent", level: number): void;
}

/** Microphone and loudspeaker of a call. */
export interface Sound {
  listener: SoundListener | null;
  play(frame: ArrayBuffer): void;
  clear(): void;
  /** A new connection: frames count from 0. */
  restart(): void;
  mute(on: boolean): void;
  close(): Promise<void>;
}

/** Whether the page may have a microphone at all: browsers give none to a page without HTTPS, but on localhost. */
export function isSecure(): boolean {
  return window.isSecureContext && Boolean(navigator.mediaDevices?.getUserMedia);
}

/** The microphones there are. Their names are empty until the visitor has allowed one. */
export async function microphones(): Promise<MediaDeviceInfo[]> {
  if (!isSecure()) return [];
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter((device) => device.kind === "audioinput");
}

/** Opens a microphone, the usual one without `deviceId`. Raises SoundError. To be called when the visitor has clicked something. */
export async function openSound(deviceId = ""): Promise<Sound> {
  if (!isSecure()) throw new SoundError("not_secure");
  const stream = await askForMicrophone(deviceId);
  const context = new AudioContext({ latencyHint: "interactive" });
  try {
    await Promise.all([context.audioWorklet.addModule(captureUrl), context.audioWorklet.addModule(playbackUrl)]);
    await context.resume();
  } catch (error) {
    stopAll(stream);
    await context.close();
    throw error;
  }
  return new BrowserSound(stream, context);
}

async function askForMicrophone(deviceId: string): Promise<MediaStream> {
  const audio: MediaTrackConstraints = {
    channelCount: 1,
    // Without it the agent hears itself and thinks that it is interrupted.
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
    ...(deviceId && { deviceId: { exact: deviceId } }),
  };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    throw new SoundError(
      name === "NotAllowedError" || name === "SecurityError" ? "permission_denied" : "no_microphone",
    );
  }
}

function stopAll(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

class BrowserSound implements Sound {
  listener: SoundListener | null = null;
  private readonly playback: AudioWorkletNode;
  private readonly capture: AudioWorkletNode;
  /** Reports that are told when the loudspeaker has caught up with the worklet. */
  private readonly late = new Set<number>();

  constructor(
    private readonly stream: MediaStream,
    private readonly context: AudioContext,
  ) {
    this.capture = new AudioWorkletNode(context, CAPTURE, { numberOfOutputs: 0 });
    this.playback = new AudioWorkletNode(context, PLAYBACK, { numberOfInputs: 0, outputChannelCount: [1] });
    this.capture.port.onmessage = (event: MessageEvent<Captured>) => {
      this.listener?.captured(event.data.frames);
      this.listener?.level("caller", event.data.level);
    };
    this.playback.port.onmessage = (event: MessageEvent<FromPlayback>) => this.heard(event.data);
    context.createMediaStreamSource(stream).connect(this.capture);
    this.playback.connect(context.destination);
  }

  play(frame: ArrayBuffer): void {
    this.tell({ type: "frame", frame }, [frame]);
  }

  clear(): void {
    this.forgetReports();
    this.tell({ type: "clear" });
  }

  restart(): void {
    this.forgetReports();
    this.tell({ type: "restart" });
  }

  mute(on: boolean): void {
    for (const track of this.stream.getAudioTracks()) track.enabled = !on;
  }

  async close(): Promise<void> {
    this.listener = null;
    this.forgetReports();
    stopAll(this.stream);
    if (this.context.state !== "closed") await this.context.close();
  }

  private heard(message: FromPlayback): void {
    if (message.type === "level") {
      this.listener?.level("agent", message.level);
    } else if (message.type === "cleared") {
      this.forgetReports();
      this.listener?.cleared(message.frames);
    } else {
      const timer = window.setTimeout(() => {
        this.late.delete(timer);
        this.listener?.played(message.frames);
      }, this.outputMs());
      this.late.add(timer);
    }
  }

  /** How long a sample takes from the worklet to the ear. Firefox says it, Safari does not. */
  private outputMs(): number {
    return 1_000 * (this.context.outputLatency || this.context.baseLatency || 0);
  }

  private forgetReports(): void {
    for (const timer of this.late) window.clearTimeout(timer);
    this.late.clear();
  }

  private tell(message: ToPlayback, transfer: Transferable[] = []): void {
    this.playback.port.postMessage(message, transfer);
  }
}
