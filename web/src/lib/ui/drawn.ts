/** Resolves when what is on the page by now was drawn; at once where nobody looks, since nothing is drawn there. */
export const drawn = (): Promise<void> =>
  new Promise((done) => {
    if (document.hidden) done();
    else requestAnimationFrame(() => setTimeout(done));
  });
