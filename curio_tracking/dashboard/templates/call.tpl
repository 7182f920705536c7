% record = row.record
<p class="trail"><a href="{{all_url}}">All calls</a></p>
<h2 class="subject"><a href="{{row.feature_url}}"><bdi>{{record.feature_name}}</bdi></a></h2>
<p class="lead"><time datetime="{{record.start_time.isoformat()}}">{{record.start_time.strftime("%Y-%m-%d %H:%M:%S.%f")}}</time> · category <bdi>{{record.category}}</bdi></p>
% include("tiles.tpl", tiles=[
%     ("Status", record.status.value, ""),
%     ("Duration", duration_text(record.duration), ""),
%     ("Efficiency", score_text(record.efficiency_score), "of 1" if record.efficiency_score is not None else ""),
%     ("Iterations", count_text(record.iterations), ""),
% ])
% if record.error_type or record.error_message:
<section aria-labelledby="error">
<h2 id="error">Error</h2>
<p class="failure"><strong><bdi>{{record.error_type or "Error"}}</bdi></strong> <span><bdi>{{record.error_message or ""}}</bdi></span></p>
</section>
% end
<section aria-labelledby="fields">
<h2 id="fields">Fields</h2>
<dl class="figures fields-list">
% for name, value in others:
<div><dt><code>{{name}}</code></dt><dd><bdi>{{value}}</bdi></dd></div>
% end
</dl>
</section>
% if metadata:
<section aria-labelledby="metadata">
<h2 id="metadata">Metadata</h2>
<pre tabindex="0"><code>{{metadata}}</code></pre>
</section>
% end
