{{!form}}
% if not rows:
% include("nothing.tpl")
% else:
<section aria-labelledby="overall">
<h2 id="overall" class="hidden">Overall</h2>
% include("tiles.tpl", tiles=[
%     ("Total time", duration_text(total_seconds), f'{count_text(total["total_calls"])} calls'),
%     ("Average", duration_text(total["avg_duration"]), ""),
%     ("Median", duration_text(total["p50_duration"]), ""),
%     ("95th percentile", duration_text(total["p95_duration"]), ""),
%     ("99th percentile", duration_text(total["p99_duration"]), ""),
%     ("Longest", duration_text(total["max_duration"]), ""),
%     ("Efficiency", score_text(total["avg_efficiency"]), "of 1"),
%     ("Iterations", count_text(total["total_iterations"]), ""),
% ])
</section>
<div class="scroll" role="region" aria-label="Performance of each feature" tabindex="0">
<table class="ranking">
<caption>{{count_text(feature_count)}} feature{{"s" if feature_count != 1 else ""}} with calls; choose a heading to sort by it</caption>
% include("sorted_head.tpl")
<tbody>
% longest = max(row.total_seconds for row in rows)
% for row in rows:
% figures = row.figures
<tr>
<th scope="row" class="name"><a href="{{row.url}}"><bdi>{{figures["feature_name"]}}</bdi></a> <small><bdi>{{figures["category"]}}</bdi></small></th>
<td class="number">{{count_text(figures["total_calls"])}}</td>
<td class="number">{{duration_text(row.total_seconds)}} {{!bar(share(row.total_seconds, longest))}}</td>
<td class="number">{{duration_text(figures["avg_duration"])}}</td>
<td class="number">{{duration_text(figures["p50_duration"])}}</td>
<td class="number">{{duration_text(figures["p95_duration"])}}</td>
<td class="number">{{duration_text(figures["p99_duration"])}}</td>
<td class="number">{{duration_text(figures["max_duration"])}}</td>
<td class="number">{{score_text(figures["avg_efficiency"])}} {{!bar(figures["avg_efficiency"], "second")}}</td>
</tr>
% end
</tbody>
</table>
</div>
% if more_url:
<p class="more">The first {{count_text(len(rows))}} are shown. <a href="{{more_url}}">Show more</a></p>
% end
<p class="note">Percentiles are within 1% of the true ones. Efficiency goes from 0 to 1.</p>
% end
