// LaTeX to HTML with MathJax 3, at build time: the reader loads no script.
//
//   node render_math.cjs MATHJAX_DIR < [{"tex": "...", "display": true}, ...]
//
// writes a list of {html, rules, error}: the formula as MathJax draws it, with
// hidden MathML for screen readers; the style rules it needs; and, when it does
// not parse, what MathJax says about it.
const fs = require('fs');
const path = require('path');

const mathjax = path.resolve(process.argv[2]);
// Unknown commands must be errors, so neither "noundefined" nor "noerrors".
const packages = [
  'base', 'ams', 'boldsymbol', 'cancel', 'color', 'newcommand', 'textmacros',
];

require(mathjax + '/node-main.js').init({
  loader: {
    paths: {mathjax},
    load: ['adaptors/liteDOM', 'input/tex-full', 'output/chtml', 'a11y/assistive-mml'],
  },
  tex: {packages, tags: 'none'},
  chtml: {fontURL: 'mathjax'},
  options: {enableAssistiveMml: true},
}).then(MathJax => {
  const {adaptor, output} = MathJax.startup;
  const answers = JSON.parse(fs.readFileSync(0, 'utf8')).map(({tex, display}) => {
    output.clearCache();               // so that the style sheet is this formula's
    output.font.clearCache();
    MathJax.texReset();
    const node = MathJax.tex2chtml(tex, {display});
    const html = adaptor.outerHTML(node);
    const error = html.match(/data-mjx-error="([^"]*)"/);
    const css = adaptor.textContent(MathJax.chtmlStylesheet());
    const rules = css.split(/\n\n+/).map(rule => rule.trim()).filter(Boolean);
    return {html, rules, error: error ? error[1] : null};
  });
  process.stdout.write(JSON.stringify(answers));
}).catch(error => {
  console.error(error);
  process.exit(1);
});
