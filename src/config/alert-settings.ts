import { readHttpUrl } from './http-url.ts';
import { choiceSetting, type Setting, secretSetting, textSetting } from './setting.ts';
import type { Settings } from './settings.ts';

type AlertSettings = Pick<
  Settings,
  'alertWebhookUrl' | 'alertWebhookSecret' | 'smtpUrl' | 'smtpFrom' | 'alertPrivateTargets'
>;

/** How alerts reach people. */
export const alertSettings: { readonly [Key in keyof AlertSettings]: Setting<AlertSettings[Key]> } = {
  alertWebhookUrl: {
    ...secretSetting({
      name: 'ALERT_WEBHOOK_URL',
      type: 'an http:// or https:// URL',
      pattern: /./,
      defaultText: 'none: no built-in channel',
      sentence: 'Where alerts are posted, signed by Standard Webhooks. A secret, since such URLs often carry a token.',
    }),
    read: readHttpUrl,
  },
  alertWebhookSecret: secretSetting({
    name: 'ALERT_WEBHOOK_SECRET',
    type: 'whsec_ and 24 to 64 bytes in base64',
    pattern: /^whsec_[0-9A-Za-z+/]{32,86}={0,2}$/,
    defaultText: 'none',
    sentence: 'Key that signs alerts; needed with `ALERT_WEBHOOK_URL`.',
  }),
  smtpUrl: secretSetting({
    name: 'SMTP_URL',
    type: 'an smtp:// or smtps:// URL',
    pattern: /^smtps?:\/\/\S{1,4000}$/,
    defaultText: 'none: no e-mail',
    sentence:
      'Mail server that alerts are sent by, with user and password where it wants them; `smtps` is TLS from the start.',
  }),
  smtpFrom: textSetting({
    name: 'SMTP_FROM',
    type: 'an e-mail address, with a name before it in angle brackets where wanted',
    default: undefined,
    defaultText: 'none',
    pattern: /^(?:[^<>@\r\n"]{1,100} <[^\s<>@]{1,64}@[^\s<>@]{1,190}>|[^\s<>@]{1,64}@[^\s<>@]{1,190})$/,
    sentence: 'Sender of alerts by e-mail; needed with `SMTP_URL`.',
  }),
  alertPrivateTargets: choiceSetting({
    name: 'ALERT_PRIVATE_TARGETS',
    default: 'refuse',
    choices: ['refuse', 'allow'],
    sentence:
      "Whether channels that an account makes for itself may reach networks that are not public. The installation's own may.",
  }),
};
