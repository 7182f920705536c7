<thead><tr>
% for name, heading in headings.items():
<th scope="col"{{!{"feature_name": "", "category": ' class="secondary"', "last_used": ""}.get(name, ' class="number"')}}{{!f' aria-sort="{heading.aria_sort}"' if heading.aria_sort else ""}}><a href="{{heading.url}}">{{heading.title}}</a></th>
% end
</tr></thead>
