@echo off
rem For somebody with Windows: tries this checkout in a folder of its own and writes one report, in about ten
rem minutes.
rem
rem     packaging\windows-check.cmd [EMPTY-FOLDER]
rem
rem Needs Python 3.11 or newer and, to install what Homepress stands on, the network once. Homepress itself sends
rem nothing; read the report before you hand it on.
setlocal
set "CHECKOUT=%~dp0.."
set "PLACE=%~1"
if "%PLACE%"=="" set "PLACE=%TEMP%\homepress-check-%RANDOM%%RANDOM%"
if not defined PYTHON set "PYTHON=py -3"
%PYTHON% -c "import sys; sys.exit(sys.version_info < (3, 11))" || (
    echo Python 3.11 or newer is needed; set PYTHON=C:\path\to\python.exe names one. 1>&2
    exit /b 2
)
if not exist "%PLACE%" mkdir "%PLACE%"
echo Installing into %PLACE%; outside it, only the start at login is switched on and off again.
%PYTHON% -m venv "%PLACE%\venv" || exit /b 2
set "PIP="%PLACE%\venv\Scripts\python.exe" -m pip install --quiet --disable-pip-version-check"
%PIP% --require-hashes --requirement "%CHECKOUT%\packaging\locks\development.txt" || exit /b 2
%PIP% --no-deps --no-build-isolation "%CHECKOUT%" || exit /b 2
"%PLACE%\venv\Scripts\python.exe" "%CHECKOUT%\packaging\system_check.py" "%PLACE%\trial" "%PLACE%\homepress-check.txt"
set "FAILED=%ERRORLEVEL%"
ver >> "%PLACE%\homepress-check.txt"
whoami /groups 2>&1 | findstr /C:"Mandatory Label" >> "%PLACE%\homepress-check.txt"
echo The report is %PLACE%\homepress-check.txt; remove %PLACE% when you have handed it on.
exit /b %FAILED%
