; The send queue for the Orthanc of the official Windows installer: its folder is what that one wrote into the registry.
;
;   sendqueue-VERSION-setup.exe /S [/D=C:\Folder of\Orthanc Server]      without a question
Target amd64-unicode
ManifestSupportedOS all
RequestExecutionLevel admin
SetCompressor /SOLID lzma
SetDateSave off
!include LogicLib.nsh

Name "Orthanc send queue ${VERSION}"
OutFile "${OUT}"
InstallDir ""
LicenseData "${SOURCE}/LICENSE"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\OrthancSendQueue"

Page license
Page directory
Page instfiles
UninstPage uninstConfirm
UninstPage instfiles

Function .onInit
  ${If} $INSTDIR == ""
    ; The installer of Orthanc is one of 32 bits, and writes where those write.
    SetRegView 32
    ReadRegStr $INSTDIR HKLM "SOFTWARE\Orthanc\Orthanc Server" "InstallDir"
  ${EndIf}
  ${If} $INSTDIR == ""
    StrCpy $INSTDIR "$PROGRAMFILES64\Orthanc Server"
  ${EndIf}
FunctionEnd

; But one that was stopped before stays so.
!macro StartOrthanc
  ${If} $2 != 0
    nsExec::Exec '"$SYSDIR\net.exe" start Orthanc'
    Pop $0
  ${EndIf}
!macroend

; Waits until the service is stopped, which the name of the file that it has open tells.
!macro StopOrthanc UN
Function ${UN}StopOrthanc
  ; $2: 0 if it was stopped. In doubt it is started again: a PACS that stands still is the worse mistake.
  nsExec::Exec '"$SYSDIR\cmd.exe" /c sc query Orthanc | find "STOPPED"'
  Pop $2
  nsExec::Exec '"$SYSDIR\net.exe" stop Orthanc'
  Pop $0
  StrCpy $1 0
  ${DoWhile} ${FileExists} "$INSTDIR\Plugins\OrthancSendQueue.dll"
    ClearErrors
    Delete "$INSTDIR\Plugins\OrthancSendQueue.dll"
    ${IfNot} ${Errors}
      ${ExitDo}
    ${EndIf}
    IntOp $1 $1 + 1
    ${If} $1 > 60
      MessageBox MB_OK|MB_ICONSTOP "$INSTDIR\Plugins\OrthancSendQueue.dll is in use. Stop Orthanc, then try again." /SD IDOK
      !insertmacro StartOrthanc
      SetErrorLevel 2
      Abort
    ${EndIf}
    Sleep 500
  ${Loop}
FunctionEnd
!macroend
!insertmacro StopOrthanc ""
!insertmacro StopOrthanc "un."

Section
  ${IfNot} ${FileExists} "$INSTDIR\Configuration\*.*"
    MessageBox MB_OK|MB_ICONSTOP "There is no Orthanc Server in $INSTDIR: it has no folder Configuration." /SD IDOK
    SetErrorLevel 2
    Abort
  ${EndIf}
  Call StopOrthanc
  SetOutPath "$INSTDIR\Plugins"
  File "${BINARIES}/OrthancSendQueue.dll"
  SetOutPath "$INSTDIR\Tools"
  File "${BINARIES}/sendqueuectl.exe"
  ; No configuration that is in force: Orthanc does not start when a section stands in two files.
  SetOutPath "$INSTDIR\SendQueue"
  File "${SOURCE}/packaging/sendqueue.json"
  File "${SOURCE}/LICENSE"
  File "${SOURCE}/dist/THIRDPARTY.txt"
  SetOutPath "$INSTDIR\SendQueue\docs"
  File "${SOURCE}/docs/*.md"
  WriteUninstaller "$INSTDIR\SendQueue\uninstall.exe"

  SetRegView 64
  WriteRegStr HKLM "${UNINSTALL}" "DisplayName" "Orthanc send queue"
  WriteRegStr HKLM "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKLM "${UNINSTALL}" "UninstallString" '"$INSTDIR\SendQueue\uninstall.exe"'
  WriteRegStr HKLM "${UNINSTALL}" "InstallLocation" "$INSTDIR"
  WriteRegDWORD HKLM "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD HKLM "${UNINSTALL}" "NoRepair" 1
  !insertmacro StartOrthanc
SectionEnd

; The queue's file and the configuration stay.
Section Uninstall
  GetFullPathName $INSTDIR "$INSTDIR\.."
  Call un.StopOrthanc
  Delete "$INSTDIR\Tools\sendqueuectl.exe"
  RMDir /r "$INSTDIR\SendQueue\docs"
  Delete "$INSTDIR\SendQueue\sendqueue.json"
  Delete "$INSTDIR\SendQueue\LICENSE"
  Delete "$INSTDIR\SendQueue\THIRDPARTY.txt"
  Delete "$INSTDIR\SendQueue\uninstall.exe"
  RMDir "$INSTDIR\SendQueue"
  SetRegView 64
  DeleteRegKey HKLM "${UNINSTALL}"
  !insertmacro StartOrthanc
SectionEnd
