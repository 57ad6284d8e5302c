// Forms whose fields say what is wrong with them.

/** Goes to the first field that is wrong, and whether there is one. */
export function focusWrong(form: HTMLElement | undefined): boolean {
  const wrong = form?.querySelector<HTMLElement>('[aria-invalid="true"]');
  wrong?.focus();
  return !!wrong;
}
