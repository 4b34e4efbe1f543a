// Renders a card as Microsoft's own library does, and says what it met. Colours, sizes and limits are those of Teams.
const LIGHT = { page: "#f5f5f5", card: "#ffffff", emphasis: "#f0f0f0", words: "#242424", subtle: "#616161", line: "#e0e0e0", link: "#4f52b2", attention: "#c4314b" };
const DARK = { page: "#1f1f1f", card: "#292929", emphasis: "#1f1f1f", words: "#ffffff", subtle: "#adadad", line: "#525252", link: "#7f85f5", attention: "#f9526b" };

function hostConfig(colours) {
  const ink = (normal, subtle) => ({ default: normal, subtle: subtle ?? normal });
  const foregroundColors = { default: ink(colours.words, colours.subtle), accent: ink(colours.link), attention: ink(colours.attention) };
  const sizes = { small: 12, default: 14, medium: 14, large: 18, extraLarge: 24 };
  return {
    fontFamily: "'Segoe UI', Inter, sans-serif",
    fontTypes: { default: { fontSizes: sizes }, monospace: { fontFamily: "'DejaVu Sans Mono', monospace", fontSizes: sizes } },
    spacing: { small: 8, default: 12, medium: 16, large: 20, extraLarge: 24, padding: 16 },
    separator: { lineThickness: 1, lineColor: colours.line },
    containerStyles: {
      default: { backgroundColor: colours.card, foregroundColors },
      emphasis: { backgroundColor: colours.emphasis, foregroundColors },
    },
    actions: { maxActions: 6, spacing: "default", buttonSpacing: 8, actionsOrientation: "horizontal", actionAlignment: "left", showCard: { actionMode: "inline", inlineTopMargin: 16 } },
    textStyles: { heading: { size: "large", weight: "bolder" } },
    supportsInteractivity: true,
  };
}

function show(content, theme) {
  const colours = theme === "dark" ? DARK : LIGHT;
  const { AdaptiveCard, HostConfig, SerializationContext, Versions } = AdaptiveCards;
  AdaptiveCard.onProcessMarkdown = (text, result) => {
    result.outputHtml = markdownit().render(text);
    result.didProcess = true;
  };
  const card = new AdaptiveCard();
  card.hostConfig = new HostConfig(hostConfig(colours));
  const context = new SerializationContext(Versions.v1_5);
  card.parse(content, context);
  const complaints = [];
  for (let at = 0; at < context.eventCount; at++) complaints.push(context.getEventAt(at).message);
  for (const failure of card.validateProperties().validationEvents) complaints.push(failure.message);
  const stage = document.getElementById("stage");
  document.body.style.background = colours.page;
  stage.style.setProperty("--link", colours.link);
  stage.replaceChildren(card.render());
  return complaints;
}

// What stands out of the stage to the right, or is cut off there.
function overflowing() {
  const edge = document.getElementById("stage").getBoundingClientRect().right + 0.5;
  const wide = [...document.querySelectorAll("#stage *")].filter((part) => part.getBoundingClientRect().right > edge);
  return wide.map((part) => `${part.className || part.tagName}: ${part.innerText?.slice(0, 40)}`);
}
