/** The whole look. Colours come in pairs that hold a contrast of 4.5 : 1 in both schemes. */
export const style = `
:root { color-scheme: light dark; --ground: #fff; --panel: #f4f5f7; --text: #1a1c20; --quiet: #555b66; --line: #c9ced6;
  --link: #0b57c2; --warn: #8a3b00; --warn-ground: #fff1e0; --danger: #a3121f; --on-danger: #fff; --good: #0f6b3a; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #14161a; --panel: #1e2127; --text: #e8eaee; --quiet: #a9b0bc; --line: #3b414b;
    --link: #8ab8ff; --warn: #ffc27d; --warn-ground: #3a2815; --danger: #ff9aa2; --on-danger: #2a070a; --good: #7fdda6; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1rem; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; }
a { color: var(--link); }
a:focus-visible, button:focus-visible, .scroll:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: .5rem; background: var(--ground); padding: .25rem .5rem; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin-top: 2rem; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; }
caption { text-align: left; color: var(--quiet); padding-bottom: .25rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
code { font-size: .9em; overflow-wrap: anywhere; }
.quiet { color: var(--quiet); }
.good { color: var(--good); }
.notice { border-left: .3rem solid var(--warn); background: var(--warn-ground); padding: .5rem 1rem; margin: 1rem 0; }
.warn { color: var(--warn); }
button, .button { display: inline-block; font: inherit; padding: .35rem .8rem; border: 1px solid var(--link); border-radius: .3rem;
  background: var(--ground); color: var(--link); cursor: pointer; text-decoration: none; }
button.danger { background: var(--danger); border-color: var(--danger); color: var(--on-danger); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; } }
`;
