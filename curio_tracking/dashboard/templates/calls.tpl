% if feature_name:
<p class="trail"><a href="{{all_url}}">Calls of all features</a></p>
<h2 class="subject"><a href="{{feature_url}}"><bdi>{{feature_name}}</bdi></a></h2>
% end
{{!form}}
% if not rows:
% include("nothing.tpl")
% else:
% include("calls_table.tpl", caption=f"The latest {count_text(len(rows))} calls, newest first" if has_more else "Newest first")
% if has_more:
<p class="more">There are more calls. \\
% if more_url:
<a href="{{more_url}}">Show {{count_text(most_rows)}}</a>\\
% else:
Choose a time range to see older ones.\\
% end
</p>
% end
% end
