<div class="statuses">
{{!strip([(row.share, row.tone) for row in statuses])}}
<ul>
% for row in statuses:
<li><span class="status status-{{row.tone}}">{{row.name}}</span> {{count_text(row.count)}} <span class="muted">{{percent_text(100 * row.share)}}</span></li>
% end
</ul>
</div>
