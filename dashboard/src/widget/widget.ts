/**
 * A button that calls an agent, for any page: `<script src=".../dashboard/widget/widget.js" data-agent="ID" async></script>`.
 *
 * `data-target`: a selector of the element that holds the button; without it the button floats in the corner of the page.
 * `data-user-data`: JSON with variables of the agent's prompt. The page's origin must be in the agent's `web_call_origins`.
 */

import { type CallSnapshot, type CallState, WebCall } from "../lib/webcall/client.ts";
import { FAILURES, TEXTS, whatToCheck } from "./strings.ts";
import { STYLES } from "./widget.css.ts";

type Texts = typeof TEXTS;

const STATES: Record<CallState, keyof Texts | ""> = {
  idle: "",
  asking: "asking",
  connecting: "connecting",
  active: "active",
  reconnecting: "reconnecting",
  ended: "ended",
};

class Widget {
  private call: WebCall | null = null;
  private readonly button = document.createElement("button");
  private readonly muting = document.createElement("button");
  private readonly meter = document.createElement("meter");
  private readonly status = document.createElement("p");

  constructor(
    private readonly agent: string,
    private readonly url: string,
    private readonly userData: Record<string, unknown> | undefined,
    private readonly texts: Texts,
  ) {}

  /** Puts the button into the page. */
  mount(target: Element | null): void {
    const host = document.createElement("div");
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLES);
    root.adoptedStyleSheets = [sheet];
    if (target) host.dataset.inline = "";
    const box = document.createElement("div");
    box.className = "box";
    this.button.type = this.muting.type = "button";
    this.muting.className = "quiet";
    this.meter.setAttribute("aria-label", this.texts.level);
    this.status.setAttribute("role", "status");
    box.append(this.status, this.meter, this.muting, this.button);
    root.append(box);
    this.button.addEventListener("click", () => this.pressed());
    this.muting.addEventListener("click", () => this.call?.mute(!this.call.get().muted));
    this.draw(null);
    (target ?? document.body).append(host);
  }

  private pressed(): void {
    if (this.call && this.call.get().state !== "ended") {
      this.call.hangUp();
      return;
    }
    const call = new WebCall({
      address: () => this.url,
      userData: this.userData,
      onLevel: (side, level) => {
        if (side === "caller") this.meter.value = Math.min(1, 4 * level);
      },
    });
    this.call = call;
    call.subscribe(() => {
      const now = call.get();
      this.draw(now);
      if (now.state === "ended" && now.failure === "connect_failed" && !now.executionId) {
        console.error(whatToCheck(this.agent, window.location.origin, new URL(this.url).host));
      }
    });
    void call.start();
  }

  private draw(call: CallSnapshot | null): void {
    const state = call?.state ?? "idle";
    const talks = state === "active" || state === "reconnecting";
    const calls = talks || state === "asking" || state === "connecting";
    this.button.textContent = calls ? this.texts.hangUp : state === "ended" ? this.texts.again : this.texts.call;
    this.button.className = calls ? "end" : "";
    this.muting.hidden = this.meter.hidden = !talks;
    this.muting.textContent = call?.muted ? this.texts.unmute : this.texts.mute;
    this.muting.setAttribute("aria-pressed", String(Boolean(call?.muted)));
    const word = STATES[state];
    this.status.textContent = call?.failure ? FAILURES[call.failure] : word && this.texts[word];
  }
}

function begin(script: HTMLScriptElement): void {
  const { agent, target, userData, ...rest } = script.dataset;
  if (!agent) {
    console.error("callwright: the script needs data-agent, the id of an agent");
    return;
  }
  const url = new URL(`/v1/web-call/agents/${encodeURIComponent(agent)}`, script.src);
  url.protocol = url.protocol === "http:" ? "ws:" : "wss:";
  const texts = { ...TEXTS };
  for (const name of Object.keys(TEXTS) as (keyof Texts)[]) {
    const own = rest[`text${name[0]!.toUpperCase()}${name.slice(1)}`];
    if (own) texts[name] = own;
  }
  const variables = userData ? (JSON.parse(userData) as Record<string, unknown>) : undefined;
  const widget = new Widget(agent, url.href, variables, texts);
  const place = () => widget.mount(target ? document.querySelector(target) : null);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", place);
  else place();
}

if (document.currentScript instanceof HTMLScriptElement) begin(document.currentScript);
