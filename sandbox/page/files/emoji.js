// The emoji shortcodes that apps commonly use; others stay as they were typed.

const TABLE = `
white_check_mark ✅|heavy_check_mark ✔️|ballot_box_with_check ☑️|x ❌|negative_squared_cross_mark ❎|no_entry ⛔|no_entry_sign 🚫
warning ⚠️|rotating_light 🚨|fire 🔥|bell 🔔|no_bell 🔕|loudspeaker 📢|mega 📣|exclamation ❗|heavy_exclamation_mark ❗|question ❓
grey_question ❔|grey_exclamation ❕|bangbang ‼️|information_source ℹ️|hourglass ⌛|hourglass_flowing_sand ⏳|stopwatch ⏱️
alarm_clock ⏰|clock1 🕐|clock3 🕒|clock9 🕘|timer_clock ⏲️|calendar 📆|date 📅|spiral_calendar_pad 🗓️|lock 🔒|unlock 🔓
closed_lock_with_key 🔐|key 🔑|old_key 🗝️|shield 🛡️|eyes 👀|eye 👁️|speech_balloon 💬|thought_balloon 💭|left_speech_bubble 🗨️
envelope ✉️|email 📧|inbox_tray 📥|outbox_tray 📤|incoming_envelope 📨|memo 📝|pencil ✏️|pencil2 ✏️|clipboard 📋|page_facing_up 📄
page_with_curl 📃|scroll 📜|bookmark_tabs 📑|file_folder 📁|open_file_folder 📂|card_index_dividers 🗂️|package 📦|label 🏷️|ticket 🎫
admission_tickets 🎟️|link 🔗|paperclip 📎|pushpin 📌|round_pushpin 📍|mag 🔍|mag_right 🔎|gear ⚙️|wrench 🔧|hammer 🔨|hammer_and_wrench 🛠️
toolbox 🧰|construction 🚧|robot_face 🤖|robot 🤖|computer 💻|desktop_computer 🖥️|satellite 📡|electric_plug 🔌|battery 🔋|zap ⚡|bulb 💡
chart_with_upwards_trend 📈|chart_with_downwards_trend 📉|bar_chart 📊|moneybag 💰|money_with_wings 💸|dollar 💵|euro 💶|credit_card 💳|receipt 🧾
coin 🪙|scales ⚖️|balance_scale ⚖️|classical_building 🏛️|office 🏢|handshake 🤝|thumbsup 👍|+1 👍|thumbsdown 👎|-1 👎|clap 👏|pray 🙏|wave 👋
raised_hand ✋|raised_hands 🙌|point_right 👉|point_left 👈|point_up 👆|point_down 👇|ok_hand 👌|muscle 💪|bust_in_silhouette 👤
busts_in_silhouette 👥|technologist 🧑‍💻|detective 🕵️|police_officer 👮|slightly_smiling_face 🙂|smile 😄|grinning 😀|joy 😂|thinking_face 🤔
neutral_face 😐|worried 😟|cry 😢|tada 🎉|sparkles ✨|star ⭐|star2 🌟|trophy 🏆|medal 🏅|rocket 🚀|dart 🎯|checkered_flag 🏁
triangular_flag_on_post 🚩|white_flag 🏳️|vertical_traffic_light 🚦|traffic_light 🚥|octagonal_sign 🛑|recycle ♻️|arrows_counterclockwise 🔄
repeat 🔁|leftwards_arrow_with_hook ↩️|rewind ⏪|fast_forward ⏩|arrow_right ➡️|arrow_left ⬅️|arrow_up ⬆️|arrow_down ⬇️|arrow_upper_right ↗️
arrow_lower_right ↘️|arrow_forward ▶️|double_vertical_bar ⏸️|black_square_for_stop ⏹️|heavy_plus_sign ➕|heavy_minus_sign ➖|new 🆕|ok 🆗
sos 🆘|red_circle 🔴|large_blue_circle 🔵|large_green_circle 🟢|large_yellow_circle 🟡|large_orange_circle 🟠|large_purple_circle 🟣|white_circle ⚪️
black_circle ⚫️|large_green_square 🟩|large_red_square 🟥|large_yellow_square 🟨|large_orange_square 🟧|large_blue_square 🟦|white_large_square ⬜️
black_large_square ⬛️|green_heart 💚|heart ❤️|broken_heart 💔|ambulance 🚑|fire_engine 🚒|fire_extinguisher 🧯|bug 🐛|ghost 👻|snail 🐌
seedling 🌱|sunny ☀️|cloud ☁️|zzz 💤|one 1️⃣|two 2️⃣|three 3️⃣|four 4️⃣|five 5️⃣|crown 👑|door 🚪|wastebasket 🗑️|globe_with_meridians 🌐|books 📚
book 📖|test_tube 🧪|microscope 🔬|brain 🧠|ladder 🪜|compass 🧭|anchor ⚓|passport_control 🛂|identification_card 🪪|id 🆔|writing_hand ✍️
lower_left_fountain_pen 🖋️|black_nib ✒️|crossed_swords ⚔️|large_blue_diamond 🔷|small_blue_diamond 🔹|large_orange_diamond 🔶|small_orange_diamond 🔸`;

const KNOWN = new Map(
  TABLE.trim()
    .split(/[|\n]/)
    .map((entry) => entry.trim().split(" ")),
);

/** The character for a shortcode, or null. */
export function emoji(name) {
  return KNOWN.get(name) ?? null;
}
