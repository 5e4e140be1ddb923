import { describe, expect, test } from 'vitest';
import { foldText, keysOf, spokenOf, wanted } from './words.ts';

/** As the index does it: by one of the keys, then by the text itself. */
function finds(words: string, text: string): boolean {
  const asked = wanted(words);
  const keys = keysOf(text);
  return asked !== null && asked.keys.every((key) => keys.has(key)) && asked.isIn(text);
}

describe('words', () => {
  test.each([
    [
      'German',
      'Die Straße ist für Fußgänger',
      ['strasse', 'FUR', 'Fußg', 'fussganger', 'straße i'],
    ],
    ['French', 'Où est le garçon élève ?', ['ou', 'GARCON', 'eleve']],
    ['Turkish', 'İstanbul ılık', ['istanbul', 'ilik']],
    ['Greek', 'Ο δρόμος', ['δρομος', 'ΔΡΟΜΟΣ', 'δρομ']],
    ['Hindi', 'आज़ादी की चाय बहुत अच्छी है', ['चाय', 'अच्छी', 'आजादी', 'बहु']],
    ['Arabic', 'السَّلامُ عليكم يا أحمد', ['السلام', 'احمد', 'علي']],
    ['Hebrew', 'שָׁלוֹם לכולם', ['שלום']],
    ['Chinese', '我喜欢喝绿茶和咖啡', ['绿茶', '喝绿', '茶', '咖啡']],
    ['Japanese', '明日カフェで会いましょう', ['カフェ', '会い', '明日']],
    ['Korean', '안녕하세요 여러분', ['안녕', '여러분']],
    ['Thai', 'ฉันชอบดื่มชาเขียว', ['ชา']],
    ['numbers', 'Order 1042 at 18:30', ['1042', 'order 10']],
  ])('of %s are found by their beginnings, whatever case and accents', (_, text, all) => {
    for (const words of all) expect([words, finds(words, text)]).toEqual([words, true]);
  });

  test.each([
    ['tea', 'She is in a meadow of steam'],
    ['green coffee', 'green tea'],
    ['का', 'उसकी'],
    ['茶绿', '绿茶'],
    ['teapots', 'teapot'],
  ])('%s is not in "%s"', (words, text) => {
    expect(finds(words, text)).toBe(false);
  });

  test('signs alone ask for nothing', () => {
    for (const words of ['', '  ', '?!', '…']) expect(wanted(words)).toBeNull();
  });

  test('vowel signs of Indian scripts are letters', () => {
    expect(foldText('की')).not.toBe(foldText('का'));
  });

  test('what a message answers is not found as its own words', () => {
    const body = {
      type: 'document',
      name: 'list.pdf',
      caption: 'for Sunday',
      media: 'm',
      reply_to: { id: 'x', quote: 'elderberry', text: 'elderberry' },
      files: { m: { name: 'elderberry' } },
    };
    expect(spokenOf(body)).toBe('list.pdf\nfor Sunday');
    expect(spokenOf({ type: 'contact', people: [{ name: 'Lena' }, { name: 'Omar' }] })).toBe(
      'Lena\nOmar',
    );
  });
});
