% has_feature = get("has_feature", True)
<div class="scroll" role="region" aria-label="{{caption}}" tabindex="0">
<table class="calls">
<caption>{{caption}}</caption>
<thead><tr>
<th scope="col">Started</th>
% if has_feature:
<th scope="col">Feature</th>
% end
<th scope="col">Status</th>
<th scope="col" class="number">Duration</th>
<th scope="col" class="number secondary">Efficiency</th>
<th scope="col">Error</th>
</tr></thead>
<tbody>
% for row in rows:
% record = row.record
<tr>
<th scope="row" class="time"><a href="{{row.url}}"><time datetime="{{record.start_time.isoformat()}}">{{time_text(record.start_us)}}</time></a></th>
% if has_feature:
<td class="name"><a href="{{row.feature_url}}"><bdi>{{record.feature_name}}</bdi></a> <small><bdi>{{record.category}}</bdi></small></td>
% end
<td><span class="status status-{{record.status.value}}">{{record.status.value}}</span></td>
<td class="number">{{duration_text(record.duration)}}</td>
<td class="number secondary">{{score_text(record.efficiency_score)}}</td>
<td class="error">\\
% if record.error_type or record.error_message:
<bdi>{{record.error_type or ""}}</bdi> <small><bdi>{{(record.error_message or "")[:200]}}</bdi></small>\\
% end
</td>
</tr>
% end
</tbody>
</table>
</div>
