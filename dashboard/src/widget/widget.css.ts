/** A style sheet made by a program: a page's Content-Security-Policy that forbids inline styles allows it. */
export const STYLES = `
:host { all: initial; position: fixed; inset: auto 1rem 1rem auto; z-index: 2147483000; font: 15px/1.4 system-ui, sans-serif; color-scheme: light dark; }
:host([data-inline]) { position: static; display: inline-block; }
.box { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem; max-width: 20rem; justify-content: flex-end; }
button { font: inherit; border: 0; border-radius: 999px; padding: .7rem 1.2rem; cursor: pointer; color: #fff; background: #1f5fd0; }
button.end { background: #b3261e; }
button.quiet { color: inherit; background: light-dark(#e3e6ea, #3a3f45); }
button:focus-visible { outline: 3px solid #f5a524; outline-offset: 2px; }
p { margin: 0; padding: .5rem .8rem; border-radius: .6rem; flex-basis: 100%; color: light-dark(#1b1f24, #eef0f2); background: light-dark(#ffffffee, #22262bee); box-shadow: 0 1px 6px #0003; }
p:empty { display: none; }
meter { inline-size: 4rem; }
[hidden] { display: none; }
`;
