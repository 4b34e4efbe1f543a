"""The look of the record pages of every simulated system: one sheet, no font or picture from outside."""

from __future__ import annotations

from typing import Final

SHEET: Final = """
:root{--ink:#17262b;--soft:#5b6f75;--line:#dde5e6;--panel:#fff;--ground:#f2f6f6;--brand:#0f4a4e;--accent:#1f8a70;
--warn:#b4690e;--bad:#b3261e;--good:#1b7f4b}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
a{color:#0b6b73;text-decoration:none}a:hover{text-decoration:underline}
header.bar{background:var(--brand);color:#fff;padding:.7rem 1.6rem;display:flex;gap:1.6rem;align-items:center;
flex-wrap:wrap}
header.bar b{font-size:1.02rem;letter-spacing:.01em}
header.bar small{background:#ffffff24;border-radius:99px;padding:.1rem .65rem;font-size:.76rem}
header.bar nav{display:flex;gap:1.1rem;margin-left:auto;flex-wrap:wrap}
header.bar nav a{color:#d7ecea}header.bar nav a.here{color:#fff;border-bottom:2px solid #7fd6bd}
main{max-width:1180px;margin:1.4rem auto 3rem;padding:0 1.2rem}
.head{display:flex;gap:.9rem;align-items:baseline;flex-wrap:wrap;margin-bottom:.9rem}
.head h1{font-size:1.42rem;margin:0;font-weight:650}.head .number{color:var(--soft);font-variant-numeric:tabular-nums}
.flow{display:flex;list-style:none;margin:0 0 1.1rem;padding:0;overflow-x:auto;border-radius:8px;scrollbar-width:thin}
.flow li{flex:1 0 auto;min-width:104px;text-align:center;padding:.5rem 1.1rem .5rem 1.6rem;background:#e2eaea;
color:var(--soft);font-size:.86rem;clip-path:polygon(0 0,calc(100% - 13px) 0,100% 50%,calc(100% - 13px) 100%,0 100%,
13px 50%);margin-right:-7px}.flow li:last-child{margin-right:0}
.flow li:first-child{clip-path:polygon(0 0,calc(100% - 13px) 0,100% 50%,calc(100% - 13px) 100%,0 100%)}
.flow li.done{background:#bfe0d5;color:#17513f}.flow li.here{background:var(--accent);color:#fff;font-weight:650}
.flow li.stop{background:var(--bad);color:#fff;font-weight:650}
.card{background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:1.1rem 1.3rem;
margin-bottom:1.1rem;box-shadow:0 1px 2px #0f3b400d}
.card h2{font-size:1rem;margin:0 0 .8rem;font-weight:650}
dl.form{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));gap:.35rem 2.2rem;margin:0}
dl.form div{display:grid;grid-template-columns:160px 1fr;gap:.8rem;padding:.32rem 0;border-bottom:1px solid #eef3f3}
dl.form div.wide{grid-column:1/-1}
dt{color:var(--soft);font-size:.88rem}dd{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}
.chip{display:inline-block;border-radius:99px;padding:.06rem .66rem;font-size:.82rem;background:#e6eeee;color:#29464b;
white-space:nowrap}
.chip.good{background:#d9f0e3;color:var(--good)}.chip.bad{background:#f9dedc;color:var(--bad)}
.chip.wait{background:#fdebd3;color:var(--warn)}.chip.live{background:#d5e9f6;color:#14557e}
table{border-collapse:collapse;width:100%}
th{text-align:left;color:var(--soft);font-weight:550;font-size:.84rem;padding:.45rem .7rem;
border-bottom:1px solid var(--line)}
td{padding:.55rem .7rem;border-bottom:1px solid #eef3f3;vertical-align:top}tr:last-child td{border-bottom:0}
td.words{overflow-wrap:anywhere;min-width:16rem}td.number{white-space:nowrap;font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto}
ol.stream{list-style:none;margin:0;padding:0}
ol.stream li{border-left:3px solid var(--line);padding:.15rem 0 .75rem 1rem}
ol.stream li.work_notes{border-color:#e0b43c}ol.stream li.comments{border-color:#6aa5d8}
ol.stream .who{font-weight:600}ol.stream .when,.soft{color:var(--soft);font-size:.84rem}
ol.stream p{margin:.15rem 0 0;white-space:pre-wrap;overflow-wrap:anywhere}
.empty{color:var(--soft);padding:.6rem 0}
@media(max-width:560px){dl.form{grid-template-columns:1fr}dl.form div{grid-template-columns:1fr;gap:0}}
"""
