/**
 * The one place where text becomes HTML. The server lets only harmless tags through; this does so again, for in the
 * same page people read what no server may read. Everything else is shown as it was written.
 */

const TAGS =
  'b|blockquote|br|em|h3|h4|hr|i|li|ol|p|s|small|strong|sub|sup|table|tbody|td|th|thead|tr|u|ul';
const HREF = 'href="(?:https?:|mailto:|tel:|/(?!/))[^"<>]*"';
const PLAIN = '(?:title|lang)="[^"<>]*"';
const FOREIGN = new RegExp(
  `<(?!/?(?:${TAGS})(?: ${PLAIN})*>|/a>|a(?: (?:${HREF}|${PLAIN}|rel="[a-z ]*"))*>)`,
  'g',
);

interface Policies {
  createPolicy: (
    name: string,
    rules: { createHTML: (text: string) => string },
  ) => { createHTML: (text: string) => string };
}

/** What may stand in the page, of what a shop wrote. */
export const harmless = (text: string): string => text.replace(FOREIGN, '&lt;');

const { trustedTypes } = globalThis as { trustedTypes?: Policies };
const policy = trustedTypes?.createPolicy('kirana-html', { createHTML: harmless });

/** For `{@html}`, under Trusted Types. */
export const html = (text: string): string => policy?.createHTML(text) ?? harmless(text);
