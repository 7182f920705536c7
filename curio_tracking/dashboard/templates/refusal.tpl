<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{refusal.status.phrase}} – Curio Tracking</title>
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/dashboard.css">
</head>
<body>
<main class="width narrow">
<h1>{{refusal.status.phrase}}</h1>
<p>{{refusal.message}}</p>
% if refusal.status.value == 401:
<form class="filters" action="/" method="get">
<div class="fields">
<label>Token <input type="password" name="token" required autocomplete="current-password"></label>
<div class="buttons"><button type="submit">Open the dashboard</button></div>
</div>
</form>
<p class="muted">Programs send it as the header <code>Authorization: Bearer</code>.</p>
% end
% if refusal.status.value == 403:
<p><a href="/">Open the dashboard</a></p>
% end
</main>
</body>
</html>
