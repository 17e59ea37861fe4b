/** The looks of a call, beside those of the widget. */
export const style = `
.voice { flex: 1; min-height: 0; display: flex; flex-direction: column; }
.voice .check { flex: 1; display: flex; flex-direction: column; justify-content: center; gap: 14px; padding: 24px 28px 32px; overflow: auto; }
.voice .mark { display: grid; place-items: center; width: 56px; height: 56px; border-radius: 18px; background: var(--accent-soft); color: var(--accent-ink); }
.voice .mark .icon { width: 28px; height: 28px; }
.voice .intro { font-size: 19px; line-height: 1.4; font-weight: 550; letter-spacing: -0.01em; text-wrap: pretty; }
.voice .actions { display: flex; flex-direction: column; gap: 10px; margin-top: 6px; }
.voice .level { display: block; height: 10px; border-radius: 10px; background: var(--line); overflow: hidden; }
.voice .level i { display: block; height: 100%; border-radius: 10px; background: var(--accent); transform: scaleX(0); transform-origin: left; }
.voice .now { flex: none; display: flex; align-items: center; gap: 12px; padding: 14px 18px; background: var(--surface); border-bottom: 1px solid var(--line); }
.voice .now div { flex: 1; min-width: 0; }
.voice .now .who { font-weight: 600; }
.voice .now .more { font-size: 14px; color: var(--ink-2); }
.voice .time { font-variant-numeric: tabular-nums; color: var(--ink-2); }
.voice .warn { padding: 8px 18px; background: var(--accent-soft); color: var(--ink); font-size: 14px; }
.voice .said { max-width: 86%; padding: 9px 14px; border-radius: 16px; overflow-wrap: anywhere; }
.voice .said b { display: block; font-size: 12.5px; font-weight: 600; color: var(--ink-2); }
.voice .said.bot, .voice .said.agent { align-self: flex-start; background: var(--surface); border: 1px solid var(--line); border-bottom-left-radius: 5px; }
.voice .said.agent { border-color: var(--accent-line); }
.voice .said.caller { align-self: flex-end; background: var(--accent-soft); border: 1px solid var(--accent-line); border-bottom-right-radius: 5px; }
.voice .partial { border-style: dashed; }
.voice .own { flex: none; padding: 0 18px 10px; }
.voice .own .level { height: 6px; }
.voice .hands { flex: none; display: grid; grid-template-columns: repeat(3, 1fr); gap: 8px; padding: 10px 14px max(14px, env(safe-area-inset-bottom)); background: var(--surface); border-top: 1px solid var(--line); }
.voice .hands button { display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 3px; min-height: 62px; padding: 6px; border: 1px solid var(--edge); border-radius: 14px; background: var(--surface); font-size: 13.5px; font-weight: 550; }
.voice .hands [aria-pressed='true'], .voice .hands [aria-expanded='true'] { background: var(--accent-soft); border-color: var(--accent-ink); color: var(--accent-ink); }
.voice .hands .end { border-color: transparent; background: #b3261e; color: #fff; }
.voice .pad { padding-top: 12px; }
.voice .pad button { border: 1px solid var(--edge); background: var(--surface); min-height: 48px; }
@media (hover: hover) { .voice .hands button:hover, .voice .pad button:hover { background: var(--hover); } .voice .hands .end:hover { background: #9c1f18; } }
@media (forced-colors: active) { .voice .hands button, .voice .said { border: 1px solid ButtonText; } .voice .level i { background: Highlight; } }
`
