"""The report's style and its one script."""

STYLE = """
:root{color-scheme:light dark;--page:#f4f6f8;--card:#fff;--text:#17202b;--muted:#536070;--line:#dde3e9;
--accent:#0b6b63;--focus:#1d5fd6}
@media(prefers-color-scheme:dark){:root{--page:#14181d;--card:#1c2127;--text:#e8edf2;--muted:#a3afbc;
--line:#313942;--accent:#5ed3c5;--focus:#8cb8ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:15px/1.55 Inter,system-ui,sans-serif}
main{max-width:880px;margin:0 auto;padding:40px 20px}
h1{margin:0;font-size:28px}h2{margin:0 0 4px;font-size:18px}
p,figcaption,dt,thead th,svg text{color:var(--muted)}
p{margin:0 0 14px}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:20px 22px;
margin:14px 0}
section[aria-label]{background:none;border:0;padding:0}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(180px,1fr));gap:14px;margin:0}
.figures div{display:flex;flex-direction:column-reverse;justify-content:flex-end;background:var(--card);
border:1px solid var(--line);border-radius:12px;padding:16px 20px}
dd{margin:0;font-size:26px;font-weight:700;color:var(--accent)}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(340px,1fr));gap:0 14px}
table{width:100%;border-collapse:collapse;font-size:14px}
th,td{text-align:left;padding:6px 10px 6px 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
tbody th{font-weight:600}td{white-space:nowrap}.end{text-align:right;text-anchor:end}
svg{width:100%;height:auto}svg rect{fill:var(--accent)}svg line{stroke:var(--line)}
svg text{font-size:11px;fill:var(--muted);text-anchor:middle}
svg text.end{text-anchor:end}
figure{margin:18px 0}figcaption{margin-bottom:8px}b{color:var(--text)}
.pair{position:relative;display:grid;border-radius:10px;overflow:hidden;--at:50%}
.pair img{grid-area:1/1;width:100%;height:100%;display:block}
.pair .after{clip-path:inset(0 0 0 var(--at))}
.pair::after{content:"";position:absolute;top:0;bottom:0;left:var(--at);width:2px;background:#fff;
box-shadow:0 0 3px #000}
label{display:block;color:var(--muted);font-size:13px}
input{width:100%;accent-color:var(--accent)}
:focus-visible{outline:3px solid var(--focus);outline-offset:3px}
"""

SCRIPT = """
for (const slider of document.querySelectorAll('input[type=range]')) {
  const pair = slider.closest('figure').querySelector('.pair');
  slider.addEventListener('input', () => pair.style.setProperty('--at', slider.value + '%'));
}
"""
