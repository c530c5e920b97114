"""The page at the door of a class: HTML without a script, so it opens at once on any phone. {name} is filled in."""

JOIN_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{head}</title>
<style>
:root {{ color-scheme: light dark; --ink: #1f2430; --paper: #fff; --line: #8a93a5; --blue: #0b6fb3; --red: #b3261e; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ink: #e8eaf0; --paper: #10141c; --line: #6c7689; --blue: #4aa8e8; --red: #ff8a80; }}
}}
* {{ box-sizing: border-box; }}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--paper); color: var(--ink);
  font: 18px/1.45 "Source Sans", system-ui, sans-serif; }}
main {{ width: min(26rem, 100%); padding: 1.5rem; }}
h1 {{ margin: 0; font-size: 1.9rem; overflow-wrap: anywhere; }}
p {{ margin: .4rem 0 1.2rem; }}
label {{ display: block; margin-top: 1rem; font-weight: 600; }}
input {{ width: 100%; margin-top: .3rem; padding: .7rem .8rem; border: 1px solid var(--line); border-radius: .5rem;
  background: transparent; color: inherit; font: inherit; }}
.code {{ letter-spacing: .25em; text-transform: uppercase; font-variant-numeric: tabular-nums; }}
button {{ width: 100%; margin-top: 1.5rem; padding: .8rem; border: 0; border-radius: .5rem; background: var(--blue);
  color: var(--paper); font: inherit; font-weight: 600; cursor: pointer; }}
:focus-visible {{ outline: 3px solid var(--blue); outline-offset: 2px; }}
.problem {{ color: var(--red); margin: 1rem 0 0; }}
.problem:empty {{ display: none; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{intro}</p>
<form method="post" action="join">
<label>{code_label}
<input class="code" name="code" value="{code}" required maxlength="20" autocomplete="off" autocapitalize="characters"
  spellcheck="false"></label>
<label>{nickname_label}
<input name="nickname" value="{nickname}" required maxlength="{longest}" autocomplete="off" autofocus></label>
<input type="hidden" name="to" value="{to}">
<button>{button}</button>
<p class="problem" role="alert">{problem}</p>
</form>
</main>
</body>
</html>
"""
