<section class="nothing" aria-label="What went wrong">
<p class="message">{{message[:1].upper() + message[1:]}}</p>
% if not form:
<p><a href="/">Back to the overview</a></p>
% end
</section>
{{!form}}
