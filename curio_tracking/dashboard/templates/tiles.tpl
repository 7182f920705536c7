<dl class="tiles">
% for title, value, note in tiles:
<div><dt>{{title}}</dt><dd>{{value}}\\
% if note:
 <small>{{note}}</small>\\
% end
</dd></div>
% end
</dl>
