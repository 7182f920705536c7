% if not processes:
<section class="nothing">
<h2>No process has told of itself yet</h2>
<p>A program that tracks into this store shows up here with its first records. Programs whose backend serves one process only, such as <code>memory</code>, do not.</p>
</section>
% else:
<section aria-labelledby="overall">
<h2 id="overall" class="hidden">All processes</h2>
% include("tiles.tpl", tiles=[
%     ("Alive", count_text(totals["alive"]), f'of {count_text(len(processes))} processes'),
%     ("Recorded", count_text(totals["recorded"]), "calls"),
%     ("Written", count_text(totals["written"]), "calls"),
%     ("Folded", count_text(totals["folded"]), "calls"),
%     ("Dropped", count_text(totals["dropped"]), "calls"),
%     ("Pending", count_text(totals["pending"]), "calls"),
%     ("Errors", count_text(totals["errors"]), "failures"),
% ])
</section>
<div class="scroll" role="region" aria-label="Health of each process" tabindex="0">
<table>
<caption>Processes that track into this store, or did; the last started first</caption>
<thead><tr>
<th scope="col">Process</th>
<th scope="col">State</th>
<th scope="col">Heard of</th>
<th scope="col" class="number">Recorded</th>
<th scope="col" class="number">Written</th>
<th scope="col" class="number">Folded</th>
<th scope="col" class="number">Dropped</th>
<th scope="col" class="number">Pending</th>
<th scope="col" class="number">Errors</th>
<th scope="col" class="number">Last flush</th>
<th scope="col" class="number">Longest flush</th>
<th scope="col" class="number">Per call</th>
</tr></thead>
<tbody>
% for process in processes:
<tr>
<th scope="row" class="name"><bdi>{{process["process_id"]}}</bdi> <small><bdi>{{process["app"] or ""}}</bdi> <bdi>{{process["host"] or ""}}</bdi></small></th>
<td><span class="status status-{{tones.get(process["state"], "ended")}}">{{process["state"]}}</span></td>
<td class="time">{{process["updated"][:19].replace("T", " ")}}</td>
% for key in ("recorded", "written", "folded"):
<td class="number">{{count_text(process[key])}}</td>
% end
<td class="number">{{count_text(sum(process["dropped"].values()))}}</td>
<td class="number">{{count_text(process["pending"])}}</td>
<td class="number">{{count_text(sum(process["errors"].values()))}}</td>
<td class="number">{{duration_text(process["last_flush"])}}</td>
<td class="number">{{duration_text(process["max_flush"])}}</td>
<td class="number">{{duration_text(None if process["overhead_ns"] is None else process["overhead_ns"] / 1e9)}}</td>
</tr>
% end
</tbody>
</table>
</div>
% remarked = [process for process in processes if process["remarks"] or process["dropped"]]
% if remarked:
<section aria-labelledby="remarks">
<h2 id="remarks">Remarks</h2>
<ul>
% for process in remarked:
% reasons = ", ".join(f"{reason} {count_text(count)}" for reason, count in sorted(process["dropped"].items()))
<li>Process <bdi>{{process["process_id"]}}</bdi>: <bdi>{{"; ".join([*process["remarks"], *([f"dropped by reason: {reasons}"] if reasons else [])])}}</bdi></li>
% end
</ul>
</section>
% end
<p class="note">What a filter drops is counted under its name. “Per call” is what tracking adds to one call, as measured in that process. The files of the store: <code>curio-tracking doctor</code>.</p>
% end
