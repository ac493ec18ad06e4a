"""The style sheet: what Fusion does not draw as we want it. One rule for each kind of control."""

from string import Template

from homepress.ui.window.theme.palette import Palette, mixed

FONT_SCALES = {"small": 0.92, "title": 1.62, "heading": 1.15, "figure": 1.85}
"""Sizes of text by its role, as a share of the size of the body."""

_RULES = Template("""
QMainWindow, QDialog, QScrollArea, #page, #body { background: $page; }
QScrollArea { border: none; }
QToolTip { background: $card; color: $text; border: 1px solid $line; padding: 4px 6px; }
QLabel { background: transparent; }
#sidebar { background: $card; border: none; }
#sideline { background: $line; }
QFrame[surface="card"] { background: $card; border: 1px solid $line; border-radius: 12px; }
QFrame[surface="line"] { background: $line; border: none; max-height: 1px; min-height: 1px; }
QFrame[surface="bad"] { background: $bad_soft; border: 1px solid $bad_edge; border-radius: 10px; }
QFrame[surface="warning"] { background: $warning_soft; border: 1px solid $warning_edge; border-radius: 10px; }
QFrame[surface="good"], QFrame[surface="muted"] { background: $soft; border: 1px solid $soft_edge;
    border-radius: 10px; }

QLabel[role="muted"], QLabel[role="small"] { color: $muted; }
QLabel[role="small"] { font-size: ${small}pt; }
QLabel[role="title"] { font-size: ${title}pt; font-weight: 700; }
QLabel[role="heading"] { font-size: ${heading}pt; font-weight: 600; }
QLabel[role="figure"] { font-size: ${figure}pt; font-weight: 700; }
QLabel[role="strong"] { font-weight: 600; }
QLabel[role="accent"] { color: $accent; }
QLabel[role="good"] { color: $good; }
QLabel[role="warning"] { color: $warning; }
QLabel[role="bad"] { color: $bad; }

QPushButton { background: $card; color: $text; border: 1px solid $edge; border-radius: 7px;
    padding: 6px 14px; min-height: 18px; }
QPushButton:hover { background: $raised; }
QPushButton:pressed, QPushButton:checked { background: $soft; }
QPushButton:disabled { color: $faint; border-color: $line; background: transparent; }
QPushButton::menu-indicator { image: none; width: 0; }
QPushButton[kind="primary"] { background: $fill; color: $on_fill; border-color: $fill; font-weight: 600; }
QPushButton[kind="primary"]:hover { background: $fill_hover; }
QPushButton[kind="primary"]:disabled { background: $raised; color: $muted; border-color: $line; }
QPushButton[kind="danger"] { color: $bad; border-color: $bad; }
QPushButton[kind="danger"]:hover { background: $bad_soft; }
QPushButton[kind="danger"]:disabled { color: $faint; border-color: $line; }
QPushButton[kind="ghost"] { background: transparent; color: $accent; border-color: transparent;
    font-weight: 600; padding: 6px 8px; }
QPushButton[kind="ghost"]:hover { background: $soft; }
QPushButton[kind="entry"] { background: transparent; border: 2px solid transparent; border-radius: 8px;
    padding: 7px 9px; text-align: left; min-height: 20px; }
QPushButton[kind="entry"]:hover { background: $raised; }
QPushButton[kind="entry"]:checked { background: $soft; color: $accent; font-weight: 600; }
QPushButton[kind="segment"] { padding: 5px 12px; }
QPushButton[kind="segment"]:checked { color: $accent; border-color: $fill; }
QPushButton[kind="option"] { padding: 0; border: 1px solid $edge; border-radius: 10px; text-align: left; }
QPushButton[kind="option"]:checked { border: 2px solid $fill; background: $soft; }
QPushButton:focus { border: 2px solid $focus; padding: 5px 13px; }
QPushButton[kind="ghost"]:focus { border: 2px solid $focus; padding: 5px 7px; }
QPushButton[kind="entry"]:focus { border: 2px solid $focus; padding: 7px 9px; }
QPushButton[kind="segment"]:focus { border: 2px solid $focus; padding: 4px 11px; }
QPushButton[kind="option"]:focus { border: 2px solid $focus; padding: 0; }

QLineEdit, QComboBox, QSpinBox, QPlainTextEdit { background: $card; color: $text; border: 1px solid $edge;
    border-radius: 7px; padding: 5px 9px; min-height: 20px; selection-background-color: $fill;
    selection-color: $on_fill; }
QLineEdit:focus, QComboBox:focus, QSpinBox:focus, QPlainTextEdit:focus { border: 2px solid $focus;
    padding: 4px 8px; }
QLineEdit[invalid="true"] { border-color: $bad; }
QLineEdit:disabled, QComboBox:disabled, QSpinBox:disabled { color: $faint; border-color: $line; }
QComboBox::drop-down { border: none; width: 26px; }
QComboBox::down-arrow { image: none; }
QComboBox QAbstractItemView { background: $card; border: 1px solid $line; padding: 4px; outline: none;
    selection-background-color: $soft; selection-color: $text; }
QComboBox QAbstractItemView::item { min-height: 28px; padding: 0 6px; }
QMenu { background: $card; border: 1px solid $line; padding: 4px; }
QMenu::item { padding: 6px 24px 6px 14px; border-radius: 5px; }
QMenu::item:selected { background: $soft; color: $text; }
QMenu::item:disabled { color: $faint; }
QMenu::separator { height: 1px; background: $line; margin: 4px 6px; }
QCheckBox, QRadioButton { background: transparent; spacing: 8px; padding: 2px; border: 2px solid transparent;
    border-radius: 7px; }
QCheckBox:focus, QRadioButton:focus { border-color: $focus; }
QCheckBox::indicator { width: 18px; height: 18px; border: none; }
QRadioButton::indicator { width: 12px; height: 12px; border: 2px solid $edge; border-radius: 8px; }
QRadioButton::indicator:checked { width: 6px; height: 6px; border: 5px solid $fill; background: $on_fill; }

QProgressBar { background: $line; border: none; border-radius: 4px; max-height: 8px; min-height: 8px; }
QProgressBar::chunk { background: $fill; border-radius: 4px; }

QAbstractItemView { background: $card; alternate-background-color: $card; border: 1px solid $line;
    border-radius: 10px; outline: none; selection-background-color: $soft; selection-color: $text; }
QAbstractItemView:focus { border: 2px solid $focus; }
QTableView { padding: 0 3px 3px 3px; }
QTableView:focus { border: 1px solid $focus; }
QHeaderView { background: transparent; border: none; }
QHeaderView::section { background: transparent; color: $muted; border: none; border-bottom: 1px solid $line;
    padding: 6px 8px; font-size: ${small}pt; }

QScrollBar:vertical { background: transparent; width: 12px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0; }
QScrollBar::handle { background: $scroll; border-radius: 4px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::handle:hover { background: $edge; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
""")


def style_sheet(palette: Palette, body: float) -> str:
    """The sheet of a theme.

    Args:
        palette: its colours.
        body: the size of plain text in points.
    """
    colours = {name: getattr(palette, name) for name in palette.__dataclass_fields__ if name != "name"}
    sizes = {role: f"{body * share:.2f}" for role, share in FONT_SCALES.items()}
    return _RULES.substitute(
        colours,
        **sizes,
        faint=mixed(palette.muted, palette.card, 0.45),
        fill_hover=mixed(palette.fill, palette.text, 0.12),
        scroll=mixed(palette.edge, palette.page, 0.45),
        bad_edge=mixed(palette.bad, palette.bad_soft, 0.7),
        warning_edge=mixed(palette.warning, palette.warning_soft, 0.7),
        soft_edge=mixed(palette.accent, palette.soft, 0.7),
    )
