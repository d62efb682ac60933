// While the server does not answer, the page says so and goes on asking; htmx repeats by itself.

const ENOUGH = 3;
const notice = document.getElementById("notice");
let missed = 0;

function failed() {
  missed += 1;
  if (missed !== ENOUGH) return;
  notice.innerHTML =
    '<p class="notice error" role="alert"><strong>The server does not answer.</strong> Nothing is lost: the work is done as a whole or not at all. This page keeps asking.</p>';
}

for (const failure of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(failure, failed);
// What a proxy says in the server's place must not take the place of what asks.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.status >= 500 && !xhr.getResponseHeader("HX-Retarget")) event.detail.shouldSwap = false;
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.xhr.status >= 500) failed();
  if (event.detail.xhr.status >= 500 || !event.detail.successful) return;
  if (missed) notice.replaceChildren();
  missed = 0;
});
