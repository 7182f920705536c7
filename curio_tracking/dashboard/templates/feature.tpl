<p class="trail"><a href="{{all_url}}">All features</a></p>
<h2 class="subject"><bdi>{{feature_name}}</bdi></h2>
% if total["category"]:
<p class="lead">Category <bdi>{{total["category"]}}</bdi></p>
% end
{{!form}}
% if not total["total_calls"]:
<section class="nothing">
% if is_filtered:
<h2>No calls match these filters</h2>
<p>The feature exists; widen the time range, or clear the filters.</p>
% else:
<h2>Never called</h2>
<p>The feature was declared by a program, and nobody has called it yet.</p>
% end
</section>
% else:
<section aria-labelledby="statistics">
<h2 id="statistics" class="hidden">Statistics</h2>
% include("tiles.tpl", tiles=[
%     ("Calls", count_text(total["total_calls"]), ""),
%     ("Success rate", percent_text(total["success_rate"]), ""),
%     ("Failures", count_text(total["failure_count"]), f'{count_text(total["timeout_count"])} timed out' if total["timeout_count"] else ""),
%     ("Users", count_text(total["unique_users"]), ""),
%     ("Average duration", duration_text(total["avg_duration"]), ""),
%     ("95th percentile", duration_text(total["p95_duration"]), ""),
%     ("Efficiency", score_text(total["avg_efficiency"]), "of 1"),
%     ("Iterations", count_text(total["total_iterations"]), ""),
% ])
% include("statuses.tpl")
</section>
<div class="pair">
<section aria-labelledby="distribution">
<h2 id="distribution">Durations</h2>
<div class="scroll" role="region" aria-labelledby="distribution" tabindex="0">
<table class="steps">
<caption class="hidden">How many calls took how long</caption>
<thead><tr><th scope="col" class="number">Up to</th><th scope="col" class="wide" aria-label="Compared with the most frequent"></th><th scope="col" class="number">Calls</th></tr></thead>
<tbody>
% for step in steps:
<tr>
<th scope="row" class="number">{{mark_text(step.up_to)}}</th>
<td class="wide">{{!bar(share(step.weight, most_weight))}}</td>
<td class="number">{{count_text(step.weight)}}</td>
</tr>
% end
</tbody>
</table>
</div>
</section>
<section aria-labelledby="figures">
<h2 id="figures">Figures</h2>
<dl class="figures">
% for title, value in (
%     ("Shortest", duration_text(total["min_duration"])),
%     ("Median", duration_text(total["p50_duration"])),
%     ("95th percentile", duration_text(total["p95_duration"])),
%     ("99th percentile", duration_text(total["p99_duration"])),
%     ("Longest", duration_text(total["max_duration"])),
%     ("Average input size", count_text(total["avg_input_size"])),
%     ("Average output size", count_text(total["avg_output_size"])),
% ):
<div><dt>{{title}}</dt><dd>{{value}}</dd></div>
% end
<div><dt>First used</dt><dd><time datetime="{{total["first_used"]}}">{{total["first_used"][:19].replace("T", " ")}}</time></dd></div>
<div><dt>Last used</dt><dd><time datetime="{{total["last_used"]}}">{{total["last_used"][:19].replace("T", " ")}}</time></dd></div>
</dl>
</section>
</div>
<section aria-labelledby="errors">
<h2 id="errors">Errors</h2>
% if errors:
<div class="scroll" role="region" aria-labelledby="errors" tabindex="0">
<table>
<caption>The latest {{count_text(failure_count) + " failures" if failure_count != 1 else "failure"}}, by type of error</caption>
<thead><tr><th scope="col">Error</th><th scope="col" class="number">Calls</th><th scope="col">Latest</th><th scope="col">Message of the latest</th></tr></thead>
<tbody>
% for row in errors:
<tr>
<th scope="row"><bdi>{{row.error_type}}</bdi></th>
<td class="number">{{count_text(row.count)}}</td>
<td class="time"><a href="{{row.last.url}}"><time datetime="{{row.last.record.start_time.isoformat()}}">{{age_text(row.last.record.start_us, now)}}</time></a></td>
<td class="error"><bdi>{{(row.last.record.error_message or "")[:500]}}</bdi></td>
</tr>
% end
</tbody>
</table>
</div>
% else:
<p class="muted">None of these calls left an error.</p>
% end
</section>
<section aria-labelledby="recent">
<h2 id="recent">Recent calls</h2>
% if calls:
% include("calls_table.tpl", rows=calls, caption="The latest calls, newest first", has_feature=False)
<p class="more"><a href="{{calls_url}}">All calls of this feature</a></p>
% else:
<p class="muted">The totals are kept; the single calls have been removed, as old ones are.</p>
% end
</section>
% end
