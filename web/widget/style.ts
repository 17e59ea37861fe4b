const dark = `
  --accent: #7f7be8; --on-accent: #0e0d24; --accent-ink: #b3b0fb; --accent-soft: #26254a; --accent-line: #454289;
  --ground: #101013; --surface: #17171b; --hover: #212127; --line: #2a2a31; --edge: #6b6b78;
  --ink: #ededf1; --ink-2: #b4b4c0; --ink-3: #9d9daa; --bad: #f28482;
  --shadow: 0 2px 6px rgb(0 0 0 / 40%), 0 16px 48px rgb(0 0 0 / 50%);
  color-scheme: dark;
`
/** What goes with the page's own accent, made readable on our ground. */
const brand = (towards: string) => `
  --accent-ink: color-mix(in oklab, var(--accent), ${towards}); --accent-line: color-mix(in oklab, var(--accent), transparent 45%);
  --accent-soft: color-mix(in oklab, var(--accent), transparent 88%);
`

/** All of the widget's looks. It lives in a shadow tree, so the page's style sheets do not reach it and its own do not leak. */
export const style = `
:host { display: contents; }
/* What the page's style sheets say of the host would be inherited; from here on it is forgotten. */
.frame {
  all: initial; display: block;
  --accent: #5753c6; --on-accent: #fff; --accent-ink: #4a46b3; --accent-soft: #ecebfb; --accent-line: #c9c6f3;
  --ground: #f7f7f8; --surface: #fff; --hover: #f3f3f6; --line: #e6e6ea; --edge: #85859a;
  --ink: #1b1b22; --ink-2: #53535f; --ink-3: #666673; --bad: #bf2f2f;
  --shadow: 0 2px 6px rgb(20 20 40 / 8%), 0 16px 48px rgb(20 20 40 / 18%);
  color-scheme: light;
  font: 15px/1.5 ui-sans-serif, system-ui, -apple-system, 'Segoe UI', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Noto Sans SC', sans-serif;
  text-autospace: normal; color: var(--ink);
}
.frame[data-brand] { ${brand('black 20%')} }
*, *::before, *::after { box-sizing: border-box; }
p { margin: 0; }
button, input, textarea { font: inherit; color: inherit; letter-spacing: inherit; }
button { cursor: pointer; -webkit-tap-highlight-color: transparent; touch-action: manipulation; }
button:disabled { cursor: default; }
[hidden] { display: none !important; }
.icon { width: 22px; height: 22px; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; flex: none; }
.unseen { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
:focus { outline: none; }
:focus-visible { outline: 2.5px solid var(--accent-ink); outline-offset: 2px; }

.launcher {
  position: fixed; z-index: 2147483000; right: 20px; bottom: 20px; display: inline-flex; align-items: center; gap: 9px;
  min-height: 52px; padding: 0 20px 0 16px; border: 0; border-radius: 26px; background: var(--accent); color: var(--on-accent);
  box-shadow: var(--shadow); font-weight: 600;
}
.left .launcher { right: auto; left: 20px; }

.panel {
  position: fixed; z-index: 2147483001; right: 20px; bottom: 20px; display: flex; flex-direction: column;
  width: 388px; height: min(660px, calc(100dvh - 40px)); overflow: hidden;
  background: var(--ground); color: var(--ink); border: 1px solid var(--line); border-radius: 18px; box-shadow: var(--shadow);
}
.left .panel { right: auto; left: 20px; }
.opening { animation: rise .18s ease-out; }
@keyframes rise { from { opacity: 0; transform: translateY(10px); } }
.whole .panel { position: static; width: 100%; max-width: 640px; height: 100dvh; margin: 0 auto; border-width: 0 1px; border-radius: 0; box-shadow: none; }
@media (min-width: 700px) and (min-height: 560px) {
  .whole .panel { height: calc(100dvh - 48px); margin: 24px auto; border-width: 1px; border-radius: 18px; }
}
@media (max-width: 480px) {
  .panel, .left .panel { inset: 0; width: auto; height: 100dvh; border: 0; border-radius: 0; }
  .whole .panel { border: 0; }
}

header { flex: none; min-height: 65px; display: flex; align-items: center; gap: 4px; padding: 10px 8px 10px 18px; background: var(--surface); border-bottom: 1px solid var(--line); }
header h1, header h2 { margin: 0; flex: 1; min-width: 0; font-size: 16px; font-weight: 620; letter-spacing: -0.01em; line-height: 1.3; overflow-wrap: anywhere; }
.plain { display: inline-flex; align-items: center; justify-content: center; gap: 7px; min-width: 44px; min-height: 44px; padding: 0 10px; border: 0; border-radius: 10px; background: none; color: var(--ink-2); }
.text-button { font-size: 14px; font-weight: 550; }
.bar { display: flex; align-items: center; flex-wrap: wrap; gap: 4px 8px; padding: 8px 18px; border-bottom: 1px solid var(--line); background: var(--surface); font-size: 14px; color: var(--ink-2); }
.bar p { flex: 1 1 140px; }
.bar .plain { border: 1px solid var(--edge); color: var(--ink); }

.start { flex: 1; display: flex; flex-direction: column; justify-content: center; gap: 12px; padding: 24px 28px 32px; overflow: auto; }
.start .mark { display: grid; place-items: center; width: 56px; height: 56px; border-radius: 18px; background: var(--accent-soft); color: var(--accent-ink); }
.start .mark .icon { width: 28px; height: 28px; }
.start .intro { font-size: 19px; line-height: 1.4; font-weight: 550; letter-spacing: -0.01em; text-wrap: pretty; }
.start .privacy { font-size: 13.5px; color: var(--ink-2); text-wrap: pretty; }
.start a { color: var(--accent-ink); }
.start .actions { display: flex; flex-direction: column; gap: 10px; margin-top: 10px; }
.fail { color: var(--bad); font-size: 14px; font-weight: 550; }

.primary, .second { min-height: 48px; padding: 10px 20px; border-radius: 12px; font-weight: 600; }
.primary { border: 1px solid transparent; background: var(--accent); color: var(--on-accent); }
.primary:disabled { opacity: .55; }
.second { border: 1px solid var(--edge); background: var(--surface); }

.log { flex: 1; min-height: 0; overflow-y: auto; overscroll-behavior: contain; padding: 18px 18px 10px; display: flex; flex-direction: column; gap: 8px; }
.log > :first-child { margin-top: auto; }
.line { max-width: 86%; padding: 9px 14px; border-radius: 16px; overflow-wrap: anywhere; white-space: pre-line; }
.bot { align-self: flex-start; background: var(--surface); border: 1px solid var(--line); border-bottom-left-radius: 5px; }
.you { align-self: flex-end; background: var(--accent); color: var(--on-accent); border-bottom-right-radius: 5px; }
.bot + .you, .you + .bot { margin-top: 6px; }
.note { align-self: center; max-width: 94%; padding: 4px 10px; font-size: 13.5px; color: var(--ink-2); text-align: center; text-wrap: pretty; }
.sending { opacity: .7; }
.with-resend { display: contents; }
.not-sent { align-self: flex-end; margin-top: -4px; font-size: 13px; color: var(--bad); }
.not-sent button { min-height: 32px; padding: 0 6px; border: 0; background: none; color: inherit; text-decoration: underline; font-weight: 600; }
.working { display: flex; align-items: center; gap: 5px; min-height: 24px; padding: 0 20px 8px; color: var(--ink-2); font-size: 13.5px; }
.working i { width: 7px; height: 7px; border-radius: 50%; background: var(--accent); animation: breathe 1.2s infinite ease-in-out; }
.working i:nth-child(2) { animation-delay: .15s; }
.working i:nth-child(3) { animation-delay: .3s; margin-right: 5px; }
@keyframes breathe { 0%, 60%, 100% { opacity: .3; } 30% { opacity: 1; } }

.chips { display: flex; flex-wrap: wrap; gap: 8px; max-height: 40%; padding: 4px 18px 12px; overflow-y: auto; }
.chip { display: inline-flex; align-items: center; gap: 8px; min-height: 44px; max-width: 100%; padding: 6px 16px; border: 1px solid var(--accent-line); border-radius: 22px; background: var(--surface); color: var(--accent-ink); font-weight: 550; text-align: start; overflow-wrap: anywhere; }
.quiet { border-color: var(--edge); color: var(--ink-2); font-weight: 500; }

.composer { display: flex; align-items: flex-end; gap: 8px; padding: 10px 12px; background: var(--surface); border-top: 1px solid var(--line); padding-bottom: max(10px, env(safe-area-inset-bottom)); }
.composer textarea, .composer input, .field { flex: 1; min-width: 0; width: 100%; min-height: 46px; padding: 10px 14px; border: 1px solid var(--edge); border-radius: 14px; background: var(--ground); resize: none; font-size: 16px; line-height: 24px; }
.composer textarea { max-height: 130px; field-sizing: content; }
.composer ::placeholder, .field::placeholder { color: var(--ink-3); opacity: 1; }
.composer textarea:focus-visible, .composer input:focus-visible, .field:focus-visible { outline-offset: -1px; }
.round { display: grid; place-items: center; width: 46px; height: 46px; border: 1px solid transparent; border-radius: 14px; background: var(--accent); color: var(--on-accent); flex: none; }
.round:disabled { background: var(--hover); color: var(--ink-3); border-color: var(--line); }
.again { display: flex; padding: 12px 18px 18px; }
.again .primary { flex: 1; }

.tap { flex: 1; min-height: 0; display: flex; flex-direction: column; overflow-y: auto; overscroll-behavior: contain; }
.captions { flex: 1 0 auto; display: flex; flex-direction: column; justify-content: center; gap: 12px; padding: 26px 24px 22px; }
.captions p { font-size: 21px; line-height: 1.42; font-weight: 550; letter-spacing: -0.012em; overflow-wrap: anywhere; white-space: pre-line; text-wrap: pretty; }
.captions p.before { font-size: 16px; font-weight: 450; letter-spacing: 0; color: var(--ink-2); }
.captions p.note { align-self: auto; max-width: none; padding: 0; text-align: start; font-size: 15px; font-weight: 450; color: var(--ink-2); letter-spacing: 0; }
.captions .own { font-size: 14px; font-weight: 450; color: var(--ink-2); letter-spacing: 0; }
.taps { display: flex; flex-direction: column; gap: 10px; padding: 0 18px 14px; }
.big { display: flex; align-items: center; gap: 14px; width: 100%; min-height: 60px; padding: 10px 18px; border: 1px solid var(--accent-line); border-radius: 16px; background: var(--surface); color: var(--ink); font-size: 17px; font-weight: 600; text-align: start; overflow-wrap: anywhere; }
.big kbd { flex: none; display: grid; place-items: center; width: 30px; height: 30px; border-radius: 9px; background: var(--accent-soft); color: var(--accent-ink); font: inherit; font-size: 15px; font-variant-numeric: tabular-nums; }
.side { display: flex; flex-wrap: wrap; gap: 8px; padding: 0 18px 16px; }
.side .second { flex: 1 1 40%; min-height: 52px; padding: 8px 10px; font-weight: 550; color: var(--ink-2); }
.pad { display: grid; grid-template-columns: repeat(3, 1fr); gap: 9px; padding: 0 18px 14px; }
.pad .entered { grid-column: 1 / -1; min-height: 52px; display: grid; place-items: center; border-radius: 14px; border: 1px solid var(--edge); background: var(--surface); font-size: 24px; letter-spacing: .18em; font-variant-numeric: tabular-nums; text-indent: .18em; }
.pad .entered.hint { font-size: 15px; letter-spacing: 0; text-indent: 0; color: var(--ink-3); }
.pad button { min-height: 56px; border-radius: 14px; font-size: 22px; font-weight: 550; font-variant-numeric: tabular-nums; display: grid; place-items: center; }
.pad .primary { font-size: 17px; }
.form { display: flex; flex-direction: column; gap: 10px; padding: 0 18px 14px; }
.field { min-height: 56px; background: var(--surface); font-size: 18px; }

/* A finger that has left does not hover. */
@media (hover: hover) {
  .launcher:hover { filter: brightness(1.06); }
  .plain:hover { background: var(--hover); color: var(--ink); }
  .primary:hover:not(:disabled) { filter: brightness(1.06); }
  .second:hover { background: var(--hover); }
  .chip:hover { background: var(--accent-soft); border-color: var(--accent); }
  .big:hover { background: var(--accent-soft); border-color: var(--accent); }
}
@media (prefers-color-scheme: dark) { .frame:not([data-theme='light']) { ${dark} } .frame[data-brand]:not([data-theme='light']) { ${brand('white 45%')} } }
.frame[data-theme='dark'] { ${dark} }
.frame[data-theme='dark'][data-brand] { ${brand('white 45%')} }
@media (prefers-contrast: more) {
  .frame { --line: var(--ink-2); --edge: var(--ink); --ink-2: var(--ink); --ink-3: var(--ink); --accent-line: var(--accent-ink); }
}
@media (forced-colors: active) {
  .launcher, .line, .chip, .big, .primary, .second, .plain, .round { border: 1px solid ButtonText; }
  .panel { border: 2px solid CanvasText; }
  .working i { background: CanvasText; }
}
@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after { animation: none !important; transition: none !important; scroll-behavior: auto !important; }
}
@media (min-width: 700px) { .whole .captions p { font-size: 23px; } }
`
