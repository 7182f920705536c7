{{!form}}
% if not total["total_calls"]:
% include("nothing.tpl")
% if uncalled_count:
<p class="more"><a href="{{more["features"]}}">{{count_text(uncalled_count)}} declared feature{{"s" if uncalled_count != 1 else ""}}, none called</a></p>
% end
% else:
<section aria-labelledby="overall">
<h2 id="overall" class="hidden">Overall</h2>
% include("tiles.tpl", tiles=[
%     ("Calls", count_text(total["total_calls"]), ""),
%     ("Success rate", percent_text(total["success_rate"]), ""),
%     ("Failures", count_text(total["failure_count"]), f'{count_text(total["timeout_count"])} timed out' if total["timeout_count"] else ""),
%     ("Features used", count_text(feature_count), f"{count_text(uncalled_count)} not called" if uncalled_count else ""),
%     ("Users", count_text(total["unique_users"]), ""),
%     ("Average duration", duration_text(total["avg_duration"]), ""),
%     ("95th percentile", duration_text(total["p95_duration"]), ""),
%     ("Efficiency", score_text(total["avg_efficiency"]), "of 1"),
% ])
% include("statuses.tpl")
</section>
<div class="pair">
<section aria-labelledby="categories">
<h2 id="categories">Usage by category</h2>
<div class="scroll" role="region" aria-labelledby="categories" tabindex="0">
<table>
<caption class="hidden">Calls per category, most calls first</caption>
<thead><tr><th scope="col">Category</th><th scope="col" class="number">Calls</th><th scope="col" class="wide" aria-label="Share of calls"></th><th scope="col" class="number">Success</th></tr></thead>
<tbody>
% for row in categories:
<tr>
<th scope="row"><a href="{{row.url}}"><bdi>{{row.figures["category"]}}</bdi></a></th>
<td class="number">{{count_text(row.figures["total_calls"])}}</td>
<td class="wide">{{!bar(share(row.figures["total_calls"], total["total_calls"]))}}</td>
<td class="number">{{percent_text(row.figures["success_rate"])}}</td>
</tr>
% end
</tbody>
</table>
</div>
</section>
<section aria-labelledby="top">
<h2 id="top">Top features</h2>
<div class="scroll" role="region" aria-labelledby="top" tabindex="0">
<table>
<caption class="hidden">Features with the most calls</caption>
<thead><tr><th scope="col">Feature</th><th scope="col" class="number">Calls</th><th scope="col" class="wide" aria-label="Compared with the most used"></th><th scope="col">Last used</th></tr></thead>
<tbody>
% for row in features:
<tr>
<th scope="row" class="name"><a href="{{row.url}}"><bdi>{{row.figures["feature_name"]}}</bdi></a></th>
<td class="number">{{count_text(row.figures["total_calls"])}}</td>
<td class="wide">{{!bar(share(row.figures["total_calls"], features[0].figures["total_calls"]))}}</td>
<td class="time"><time datetime="{{row.figures["last_used"]}}">{{age_text(row.last_us, now)}}</time></td>
</tr>
% end
</tbody>
</table>
</div>
<p class="more"><a href="{{more["features"]}}">All features</a></p>
</section>
</div>
<section aria-labelledby="performance">
<h2 id="performance">Performance and efficiency</h2>
<div class="scroll" role="region" aria-labelledby="performance" tabindex="0">
<table>
<caption>Where the time goes: features by the total time of their calls</caption>
<thead><tr><th scope="col">Feature</th><th scope="col" class="number">Total time</th><th scope="col" class="wide" aria-label="Compared with the longest"></th><th scope="col" class="number">Average</th><th scope="col" class="number">95th percentile</th><th scope="col" class="number">Efficiency</th><th scope="col" class="wide" aria-label="Efficiency from 0 to 1"></th></tr></thead>
<tbody>
% for row in performance:
<tr>
<th scope="row" class="name"><a href="{{row.url}}"><bdi>{{row.figures["feature_name"]}}</bdi></a></th>
<td class="number">{{duration_text(row.total_seconds)}}</td>
<td class="wide">{{!bar(share(row.total_seconds, performance[0].total_seconds))}}</td>
<td class="number">{{duration_text(row.figures["avg_duration"])}}</td>
<td class="number">{{duration_text(row.figures["p95_duration"])}}</td>
<td class="number">{{score_text(row.figures["avg_efficiency"])}}</td>
<td class="wide">{{!bar(row.figures["avg_efficiency"], "second")}}</td>
</tr>
% end
</tbody>
</table>
</div>
<p class="more"><a href="{{more["performance"]}}">Performance of all features</a></p>
</section>
<section aria-labelledby="recent">
<h2 id="recent">Recent calls</h2>
% include("calls_table.tpl", rows=calls, caption="The latest calls, newest first")
<p class="more"><a href="{{more["calls"]}}">All calls</a></p>
</section>
% end
