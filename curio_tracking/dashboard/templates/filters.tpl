<form class="filters" action="{{path}}" method="get" aria-label="Filters">
% for name, value in kept.items():
<input type="hidden" name="{{name}}" value="{{value}}">
% end
<ul class="ranges" aria-label="Time range">
% for choice in ranges:
<li><a href="{{choice.url}}"\\
% if choice.is_current:
 aria-current="true"\\
% end
>{{choice.title}}</a></li>
% end
</ul>
<div class="fields">
<label>Since <input name="since" value="{{scope.since}}" placeholder="7d or 2026-11-01" autocomplete="off" spellcheck="false" size="14"></label>
<label>Until <input name="until" value="{{scope.until}}" placeholder="now" autocomplete="off" spellcheck="false" size="14"></label>
<label>Category <select name="category">
<option value="">Any</option>
% for name in categories:
<option value="{{name}}"{{" selected" if name == scope.category else ""}}>{{name}}</option>
% end
</select></label>
<label>Status <select name="status">
<option value="">Any</option>
% for name in statuses:
<option value="{{name}}"{{" selected" if name == scope.status else ""}}>{{name}}</option>
% end
</select></label>
<div class="buttons">
<button type="submit">Apply</button>
% if scope.is_filtered:
<a class="clear" href="{{clear_url}}">Clear filters</a>
% end
</div>
</div>
</form>
