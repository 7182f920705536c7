{{!form}}
% if not rows:
% include("nothing.tpl")
% else:
<div class="scroll" role="region" aria-label="All features" tabindex="0">
<table class="ranking">
<caption>{{count_text(feature_count)}} feature{{"s" if feature_count != 1 else ""}}; choose a heading to sort by it</caption>
% include("sorted_head.tpl")
<tbody>
% for row in rows:
% figures = row.figures
<tr\\
% if not figures["total_calls"]:
 class="uncalled"\\
% end
>
<th scope="row" class="name"><a href="{{row.url}}"><bdi>{{figures["feature_name"]}}</bdi></a></th>
<td class="secondary"><bdi>{{figures["category"]}}</bdi></td>
<td class="number">{{count_text(figures["total_calls"])}} {{!bar(share(figures["total_calls"], most_calls))}}</td>
<td class="number">{{percent_text(figures["success_rate"])}}</td>
<td class="number">{{duration_text(figures["avg_duration"])}}</td>
<td class="number">{{duration_text(figures["p95_duration"])}}</td>
<td class="number">{{score_text(figures["avg_efficiency"])}}</td>
<td class="time">\\
% if row.last_us is None:
<span class="muted">not called</span>\\
% else:
<time datetime="{{figures["last_used"]}}">{{age_text(row.last_us, now)}}</time>\\
% end
</td>
</tr>
% end
</tbody>
</table>
</div>
% if more_url:
<p class="more">The first {{count_text(len(rows))}} are shown. <a href="{{more_url}}">Show more</a></p>
% end
% end
