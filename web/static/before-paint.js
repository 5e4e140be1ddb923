// Runs before the first paint, so that nobody sees the wrong theme or direction for a moment.
(() => {
  const root = document.documentElement;
  const theme = localStorage.getItem('kirana.theme');
  if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
  const locale = localStorage.getItem('kirana.locale');
  if (locale) {
    root.lang = locale;
    root.dir = /^(ar|he|fa|ur)\b/.test(locale) ? 'rtl' : 'ltr';
  }
})();
