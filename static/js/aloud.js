/** What comes into sight is told to those who listen as well: live regions that are hidden until they speak are not heard. */
export function readAloud() {
  const aloud = document.querySelector("[data-aloud]");
  const read = (changes) => {
    const told = changes.map(({ target }) => target).filter((each) => "told" in each.dataset && !each.hidden);
    if (!told.length) return;
    // Emptied first: the same words said twice are heard twice.
    aloud.textContent = "";
    setTimeout(() => (aloud.textContent = told.at(-1).innerText), 100);
  };
  new MutationObserver(read).observe(document.body, { subtree: true, attributeFilter: ["hidden"] });
}
