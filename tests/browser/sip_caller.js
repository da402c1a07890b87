// A page that calls by JsSIP or by SIP.js, as a customer's page does. `clients` is the bundle of both.
/* global clients */
window.told = [];
window.heard = [];
window.heardHz = 0;

const tell = (name, value = "") => window.told.push([name, String(value ?? "")]);
const raw = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

function listen(connection) {
  window.connection = connection;
  connection.addEventListener("track", (event) => {
    // Chromium feeds the graph only while an element plays the stream.
    const element = new Audio();
    element.muted = true;
    element.srcObject = new MediaStream([event.track]);
    element.play();
    const context = new AudioContext();
    window.heardHz = context.sampleRate;
    const tap = context.createScriptProcessor(4096, 1, 1);
    tap.onaudioprocess = (one) => window.heard.push(...one.inputBuffer.getChannelData(0));
    context.createMediaStreamSource(element.srcObject).connect(tap);
    tap.connect(context.destination);
  });
}

window.heardAsText = () => {
  const samples = Int16Array.from(window.heard, (one) => Math.max(-1, Math.min(1, one)) * 32767);
  let text = "";
  for (const byte of new Uint8Array(samples.buffer)) text += String.fromCharCode(byte);
  return btoa(text);
};

window.buffered = async () => {
  for (const one of (await window.connection.getStats()).values()) {
    if (one.type === "inbound-rtp") return (1000 * one.jitterBufferDelay) / one.jitterBufferEmittedCount;
  }
  return -1;
};

window.byJsSIP = (session, { password, register = false, processed = false } = {}) => {
  const { UA, WebSocketInterface } = clients.JsSIP;
  const domain = session.sip_domain;
  const ua = new UA({
    sockets: [new WebSocketInterface(session.wss_url)],
    uri: `sip:${session.sip_username}@${domain}`,
    password: password ?? session.sip_password,
    register,
  });
  const call = () => {
    if (window.call) return;
    window.call = ua.call(`sip:7000@${domain}`, {
      mediaConstraints: { audio: processed ? true : raw, video: false },
      pcConfig: { iceServers: session.ice_servers },
      extraHeaders: [`X-Agent-Id: ${session.agent_id}`, `X-Run-Id: ${session.run_id}`],
      eventHandlers: {
        peerconnection: ({ peerconnection }) => listen(peerconnection),
        progress: () => tell("progress"),
        confirmed: () => tell("confirmed"),
        ended: ({ originator, cause }) => tell("ended", `${originator} ${cause}`),
        failed: ({ originator, cause }) => tell("failed", `${originator} ${cause}`),
        newDTMF: ({ originator, dtmf }) => tell("key", `${originator} ${dtmf.tone}`),
      },
    });
  };
  window.call = undefined;
  ua.on("connected", () => tell("connected"));
  ua.on("disconnected", ({ code }) => tell("disconnected", code));
  ua.on("registered", () => tell("registered"));
  ua.on("registrationFailed", ({ cause }) => tell("registrationFailed", cause));
  ua.on(register ? "registered" : "connected", call);
  window.hangUp = () => window.call.terminate();
  window.press = (key) => window.call.sendDTMF(key, { transportType: "INFO" });
  window.pressInAudio = (key) => window.call.sendDTMF(key, { transportType: "RFC2833" });
  window.leave = () => ua.stop();
  window.breakOff = () => ua.transport.socket._ws.close(3000);
  ua.start();
};

window.bySIPjs = async (session) => {
  const { Inviter, SessionState, UserAgent } = clients.SIP;
  const agent = new UserAgent({
    uri: UserAgent.makeURI(`sip:${session.sip_username}@${session.sip_domain}`),
    transportOptions: { server: session.wss_url },
    authorizationUsername: session.sip_username,
    authorizationPassword: session.sip_password,
    logLevel: "error",
    sessionDescriptionHandlerFactoryOptions: { peerConnectionConfiguration: { iceServers: session.ice_servers } },
  });
  await agent.start();
  const call = new Inviter(agent, UserAgent.makeURI(`sip:7000@${session.sip_domain}`), {
    sessionDescriptionHandlerOptions: { constraints: { audio: raw, video: false } },
  });
  call.delegate = { onSessionDescriptionHandler: (handler) => listen(handler.peerConnection) };
  call.stateChange.addListener((state) => {
    tell(state === SessionState.Established ? "confirmed" : state === SessionState.Terminated ? "ended" : "state", state);
  });
  window.hangUp = () => call.bye();
  window.leave = () => agent.stop();
  await call.invite();
};
