<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{subject + " – " if subject else ""}}{{title}} – Curio Tracking</title>
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/dashboard.css">
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
<header class="top">
<div class="width">
<a class="brand" href="/"><svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false"><rect class="tone-accent" x="1" y="11" width="4" height="8" rx="1"/><rect class="tone-accent" x="8" y="6" width="4" height="13" rx="1"/><rect class="tone-accent" x="15" y="1" width="4" height="18" rx="1"/></svg>Curio Tracking</a>
<nav aria-label="Pages">
<ul>
% for link in links:
<li><a href="{{link["url"]}}"\\
% if link["is_current"]:
 aria-current="page"\\
% end
>{{link["title"]}}</a></li>
% end
</ul>
</nav>
</div>
</header>
<main id="content" class="width" tabindex="-1">
<h1>{{title}}</h1>
{{!body}}
</main>
<footer class="width">
<p>Curio Tracking {{product_version}}. All times are UTC. The records stay on the machine that made them.</p>
</footer>
</body>
</html>
