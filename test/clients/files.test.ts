import { createOpenAI } from '@ai-sdk/openai';
import { generateText } from 'ai';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { lastRequest, openGateway, settingsOf, turnsOf } from './fixture.ts';

const model = 'openclaw';
const text = 'The house in Graz has forty-two windows.';

/** A PDF of one page that says the text. Readers find its objects without a table of them. */
const pdf = Buffer.from(
  [
    '%PDF-1.4',
    '1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj',
    '2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj',
    '3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 200]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj',
    `4 0 obj<</Length ${text.length + 33}>>stream\nBT /F 12 Tf 20 100 Td (${text}) Tj ET\nendstream endobj`,
    '5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj',
    'trailer<</Root 1 0 R/Size 6>>',
    '%%EOF',
  ].join('\n'),
).toString('base64');

const dataUrl = `data:application/pdf;base64,${pdf}`;

describe('files', () => {
  it('are read for the model when the openai package sends them', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    const question = 'How many windows?';
    await openai.chat.completions.create({
      model,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: question },
            { type: 'file', file: { filename: 'house.pdf', file_data: dataUrl } },
          ],
        },
      ],
    });
    expect(JSON.stringify(turnsOf(lastRequest(gateway)))).toContain(text);
    await openai.responses.create({
      model,
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: question },
            { type: 'input_file', filename: 'house.pdf', file_data: dataUrl },
          ],
        },
      ],
    });
    expect(JSON.stringify(turnsOf(lastRequest(gateway)))).toContain(text);
  });

  it('are read for the model when the AI SDK sends them', async () => {
    await using gateway = await openGateway();
    const openai = createOpenAI(settingsOf(gateway));
    for (const each of [openai.chat(model), openai.responses(model)]) {
      await generateText({
        model: each,
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'How many windows?' },
              { type: 'file', data: pdf, mediaType: 'application/pdf', filename: 'house.pdf' },
            ],
          },
        ],
      });
      expect(JSON.stringify(turnsOf(lastRequest(gateway)))).toContain(text);
    }
  });

  it('that cannot be had are refused, with the part that is wrong', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    const content = [{ type: 'file' as const, file: { file_id: 'file-1' } }];
    const asking = openai.chat.completions.create({ model, messages: [{ role: 'user', content }] });
    const error = await asking.catch((reason) => reason);
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({
      code: 'unsupported_parameter',
      param: expect.stringMatching(/^messages\[0\]\.content/),
    });
  });
});
