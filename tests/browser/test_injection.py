"""No page runs what is not its own."""

from playwright.sync_api import Browser, expect

from tests.servers import Server

GUARD = "globalThis.hits = 0; globalThis.pwned = () => { globalThis.hits += 1; };"
ATTEMPTS = """() => new Promise((tell) => setTimeout(() => {
    const allowed = [];
    const attempt = (name, act) => {
        try { act(); allowed.push(name); } catch { /* as it should be */ }
    };
    attempt('innerHTML', () => { document.createElement('p').innerHTML = '<b>bold</b>'; });
    attempt('eval', () => (0, eval)('pwned()'));
    attempt('Function', () => new Function('pwned()')());
    attempt('setTimeout', () => setTimeout('pwned()', 0));
    attempt('script.src', () => { document.createElement('script').src = '/app/x.js'; });
    attempt('script.text', () => { document.createElement('script').text = 'pwned()'; });
    attempt('another policy', () => trustedTypes.createPolicy('mine', { createHTML: (it) => it }));
    attempt('the default policy', () =>
        trustedTypes.createPolicy('default', { createHTML: (it) => it }));
    const script = document.createElement('script');
    script.append('pwned()');
    document.body.append(script);
    const button = document.createElement('button');
    try { button.setAttribute('onclick', 'pwned()'); } catch { /* as it should be */ }
    document.body.append(button);
    button.click();
    const link = document.createElement('a');
    link.href = 'javascript:pwned()';
    document.body.append(link);
    link.click();
    setTimeout(() => tell({ allowed, hits: globalThis.hits }), 200);
}, 0))"""


def test_no_page_runs_what_is_not_its_own(village: Server, browser: Browser) -> None:
    paths = ("/", "/nobody-here", "/app/sign-in", "/app/chats", "/v1", "/problems/not-found")
    context = browser.new_context()
    context.add_init_script(GUARD)
    page = context.new_page()

    # Not on the stack of the debugger: what it runs is above the policy.
    found = {}
    for path in paths:
        page.goto(f"{village.url}{path}")
        expect(page.get_by_role("heading").first).to_be_visible()
        found[path] = page.evaluate(ATTEMPTS)
    page.goto("about:blank")
    unguarded = page.evaluate(ATTEMPTS)
    context.close()

    assert unguarded["hits"] > 0, "Without a policy it does run."
    assert found == {path: {"allowed": [], "hits": 0} for path in paths}
