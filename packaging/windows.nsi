; The installer for Windows, for one user and without an administrator. windows_installer.py gives the defines:
; VERSION, NUMBERS (four of them), BUNDLE, ICON, SIDE, LICENCE and OUTPUT.
;
; Silent: homepress-setup.exe /S [/D=C:\some folder], and later uninstall.exe /S. Exit codes: 0 done, 2 not done.
Target amd64-unicode
Unicode true
ManifestDPIAware true
SetCompressor /SOLID lzma

!include MUI2.nsh
!include LogicLib.nsh
!include FileFunc.nsh
!include WinVer.nsh

!define NAME "Homepress"
!define APPS "Software\Microsoft\Windows\CurrentVersion\Uninstall\Homepress"
!define SHORTCUT "$SMPROGRAMS\Homepress.lnk"
; What `homepress stop` ends with where none runs.
!define NOT_RUNNING 3

Name "${NAME}"
OutFile "${OUTPUT}"
InstallDir "$LOCALAPPDATA\Programs\Homepress"
InstallDirRegKey HKCU "${APPS}" "InstallLocation"
RequestExecutionLevel user
BrandingText "${NAME} ${VERSION}"
VIProductVersion "${NUMBERS}"
VIAddVersionKey "ProductName" "${NAME}"
VIAddVersionKey "FileDescription" "${NAME} installer"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "CompanyName" "The Homepress authors"
VIAddVersionKey "LegalCopyright" "GPL-3.0-or-later"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_WELCOMEFINISHPAGE_BITMAP "${SIDE}"
!define MUI_WELCOMEPAGE_TEXT "Homepress watches folders and makes each new picture in them smaller, on this \
computer only.$\r$\n$\r$\nIt is installed for you alone and needs no administrator. A Homepress that runs is \
ended after the picture that is in progress."
!define MUI_FINISHPAGE_RUN "$INSTDIR\homepressw.exe"
!define MUI_FINISHPAGE_RUN_TEXT "Start Homepress"
!insertmacro MUI_PAGE_WELCOME
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

Var WasRunning
Var Code
Var Said

!macro Fail text
    MessageBox MB_ICONSTOP|MB_OK "${text}" /SD IDOK
    SetErrorLevel 2
    Quit
!macroend

; A process lets go of its files a moment after it has ended. One that goes on would be left with half of each
; version, so then nothing is touched.
!macro RemoveLibraries
    ; What an earlier time could not remove would be in the way.
    RMDir /r "$INSTDIR\_internal.old"
    StrCpy $0 0
    ${Do}
        ClearErrors
        Rename "$INSTDIR\_internal" "$INSTDIR\_internal.old"
        ${IfNot} ${Errors}
            ${Break}
        ${EndIf}
        ${If} $0 >= 40
            !insertmacro Fail "$INSTDIR is in use, so it was left as it is. Close Homepress and try again."
        ${EndIf}
        IntOp $0 $0 + 1
        Sleep 250
    ${Loop}
    RMDir /r "$INSTDIR\_internal.old"
!macroend

Function .onInit
    ${IfNot} ${AtLeastWin10}
        !insertmacro Fail "Homepress needs Windows 10 or newer."
    ${EndIf}
FunctionEnd

Section
    ; `_internal` is emptied by an upgrade, so it has to be ours.
    ${If} ${FileExists} "$INSTDIR\_internal\*.*"
    ${AndIfNot} ${FileExists} "$INSTDIR\homepress.exe"
        !insertmacro Fail "$INSTDIR holds another program. Choose an empty folder."
    ${EndIf}
    StrCpy $WasRunning 0
    ${If} ${FileExists} "$INSTDIR\homepress.exe"
        DetailPrint "Ending Homepress after the picture in progress"
        nsExec::ExecToStack '"$INSTDIR\homepress.exe" stop --all'
        Pop $Code
        Pop $Said
        ${If} $Code == 0
            StrCpy $WasRunning 1
        ${ElseIf} $Code != ${NOT_RUNNING}
            !insertmacro Fail "Homepress does not end, so nothing was changed. Quit it and try again. $Said"
        ${EndIf}
        !insertmacro RemoveLibraries
    ${EndIf}

    SetOutPath "$INSTDIR"
    File /r "${BUNDLE}/*.*"
    File "${LICENCE}"
    WriteUninstaller "$INSTDIR\uninstall.exe"
    CreateShortcut "${SHORTCUT}" "$INSTDIR\homepressw.exe" "" "$INSTDIR\homepressw.exe" 0

    ; As the Settings of Windows list it under "Apps" (Microsoft, "Uninstall registry key").
    WriteRegStr HKCU "${APPS}" "DisplayName" "${NAME}"
    WriteRegStr HKCU "${APPS}" "DisplayVersion" "${VERSION}"
    WriteRegStr HKCU "${APPS}" "DisplayIcon" "$INSTDIR\homepressw.exe"
    WriteRegStr HKCU "${APPS}" "Publisher" "The Homepress authors"
    WriteRegStr HKCU "${APPS}" "InstallLocation" "$INSTDIR"
    WriteRegStr HKCU "${APPS}" "UninstallString" '"$INSTDIR\uninstall.exe"'
    WriteRegStr HKCU "${APPS}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
    WriteRegDWORD HKCU "${APPS}" "NoModify" 1
    WriteRegDWORD HKCU "${APPS}" "NoRepair" 1
    ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
    IntFmt $0 "0x%08X" $0
    WriteRegDWORD HKCU "${APPS}" "EstimatedSize" "$0"

    ${If} $WasRunning == 1
        Exec '"$INSTDIR\homepressw.exe" run --login'
    ${EndIf}
SectionEnd

Section "Uninstall"
    StrCpy $Said "--keep"
    MessageBox MB_ICONQUESTION|MB_YESNO|MB_DEFBUTTON2 "Bring back every original that Homepress still keeps?\
$\r$\n$\r$\nYes: each of those pictures is again as it was before it was made smaller.$\r$\n$\r$\n\
No: pictures stay as they are. Originals, history and settings stay too, and Homepress finds them when it is \
installed again." /SD IDNO IDNO keep
    StrCpy $Said "--restore --yes"
keep:
    ${If} ${FileExists} "$INSTDIR\homepress.exe"
        DetailPrint "Ending Homepress, taking back start at login and entries of Explorer"
        nsExec::ExecToStack '"$INSTDIR\homepress.exe" uninstall $Said'
        Pop $Code
        Pop $Said
        ${If} $Code != 0
            !insertmacro Fail "Homepress is still installed, since this failed: $Said"
        ${EndIf}
    ${EndIf}
    ${If} ${FileExists} "$INSTDIR\_internal\*.*"
        !insertmacro RemoveLibraries
    ${EndIf}
    Delete "$INSTDIR\homepress.exe"
    Delete "$INSTDIR\homepressw.exe"
    Delete "$INSTDIR\LICENSE"
    Delete "$INSTDIR\uninstall.exe"
    ; Not what somebody else put there.
    RMDir "$INSTDIR"
    Delete "${SHORTCUT}"
    DeleteRegKey HKCU "${APPS}"
SectionEnd
