<section class="nothing">
% if is_filtered:
<h2>No calls match these filters</h2>
<p>Widen the time range, or clear the filters to see everything.</p>
% else:
<h2>No calls yet</h2>
<p>Mark a function of your program as a feature, and call it:</p>
<pre tabindex="0"><code>from curio_tracking import track_feature

@track_feature("export_report", "file_operation")
def export_report(path):
    ...</code></pre>
<p>Or fill a store with examples: <code>curio-tracking demo</code>.</p>
% end
</section>
