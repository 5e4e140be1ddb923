/** Copies; false where the browser does not let us, as on plain http. The text should be selectable then. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
