"""The HTML of the report: a page without scripts, readable on paper, on a phone, by day and by night."""

STYLE = """
:root { --ink: #1d1d1f; --faint: #6b6b70; --line: #dcdce0; --paper: #fff; --panel: #f6f6f8; --accent: #0072b2; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ececf0; --faint: #a0a0a8; --line: #3a3a40; --paper: #17171a; --panel: #222226; --accent: #56b4e9; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 Georgia, 'Times New Roman', serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 2.1rem; line-height: 1.15; margin: 0 0 .3rem; }
h2 { font-size: 1.25rem; margin: 0 0 .8rem; }
.about { font-size: 1.15rem; color: var(--faint); margin: 0 0 1.5rem; max-width: 44rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.2rem; font-size: .86rem; margin: 0 0 1.5rem; }
dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
code, pre, dd { font-family: ui-monospace, 'DejaVu Sans Mono', monospace; font-size: .82rem; }
pre { background: var(--panel); padding: .7rem 1rem; border-radius: 6px; overflow-x: auto; }
nav ul { columns: 2; padding-left: 1.1rem; font-size: .95rem; } nav a { color: var(--accent); }
section { border-top: 1px solid var(--line); margin-top: 2.6rem; padding-top: 1.6rem; break-inside: avoid; }
figure { margin: 0; }
figure img { width: 100%; height: auto; background: #fff; border-radius: 6px; display: block; }
figcaption { font-size: .9rem; color: var(--faint); margin-top: .7rem; max-width: 50rem; }
.tier { font: 600 .68rem/1 ui-sans-serif, system-ui, sans-serif; letter-spacing: .05em; color: var(--accent);
  border: 1px solid var(--accent); border-radius: 99px; padding: .2em .6em; margin-left: .5em; vertical-align: .2em; }
details { margin-top: .7rem; font-size: .88rem; } summary { cursor: pointer; color: var(--accent); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font: .8rem/1.4 ui-sans-serif, system-ui, sans-serif; margin: .6rem 0; }
th { text-align: left; font-weight: 600; color: var(--faint); }
th, td { padding: .22rem .9rem .22rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.note { background: var(--panel); border-radius: 6px; padding: .8rem 1.1rem; font-size: .9rem; }
@media print { body { font-size: 11pt; } details[open] summary { display: none; } nav { display: none; } }
"""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{title}: a society of AI agents</title>
<style>{style}</style>
</head>
<body><main>
<h1>{title}</h1>
<p class="about">{about}</p>
<dl>{facts}</dl>
<p class="note"><b>How to read this page.</b> Tier A says what follows <em>if</em> agents follow the rules and rates of this
world; tier B says what language models do. Bands and intervals are 95&nbsp;% and lie within this run: events of one society
depend on each other, so a claim needs several seeds (<code>society run --seeds</code>).</p>
<nav><ul>{contents}</ul></nav>
<section id="measures"><h2>Measures</h2>
<div class="scroll"><table><thead><tr><th>measure</th><th class=n>value</th><th class=n>95&nbsp;% within run</th>
<th class=n>rests on</th><th>tier</th><th>meaning</th></tr></thead><tbody>{measures}</tbody></table></div></section>
{sections}
<section id="again"><h2>Run it again</h2>
<pre>{command}</pre>
<p>The same seed and world give the same event hash. The world as it ran, with every default and override, stands in
<code>manifest.json</code> beside this page; the figures stand in <code>figures/</code> as PNG and SVG.</p></section>
</main></body></html>
"""

SECTION = """<section id="{name}"><h2>{title} <span class="tier">TIER {tier}</span></h2>
<figure><img src="data:image/png;base64,{image}" alt="{alt}"><figcaption>{caption}</figcaption></figure>
<details><summary>The numbers</summary><div class="scroll">{table}</div></details></section>"""
